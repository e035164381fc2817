"""Ctrl-C for programs that tests start."""

from __future__ import annotations

import signal


def heed_ctrl_c() -> None:
    """What a program does first (`preexec_fn`) that is to be ended by SIGINT: where the tests run
    in the background, or by nohup, it is ignored, and programs that they start would ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
