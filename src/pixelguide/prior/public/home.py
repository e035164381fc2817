"""Where pulled models live, and whether the network may be used."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def home() -> Path:
    """The user's folder of pulled models: `PIXELGUIDE_HOME`, or the platform's place for data."""
    if own := os.environ.get("PIXELGUIDE_HOME"):
        return Path(own).expanduser().absolute()
    base: str | Path
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = os.environ.get("XDG_DATA_HOME", "")
        if not os.path.isabs(base):  # the XDG specification has relative ones ignored
            base = Path.home() / ".local" / "share"
    return Path(base) / "pixelguide"


def is_offline() -> bool:
    """Whether the environment forbids the network (PIXELGUIDE_OFFLINE or HF_HUB_OFFLINE)."""
    return any(
        os.environ.get(name, "").strip().lower() in ("1", "true", "yes", "on")
        for name in ("PIXELGUIDE_OFFLINE", "HF_HUB_OFFLINE")
    )
