"""ComfyUI's progress bar and stop button, where there is a ComfyUI."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Progress = Callable[[dict[str, Any]], None]


@contextmanager
def progress() -> Iterator[Progress | None]:
    """What tells ComfyUI of each step, and ends the edit when its stop button was pressed; None
    without ComfyUI."""
    if importlib.util.find_spec("comfy") is None:
        yield None
        return
    utils: Any = importlib.import_module("comfy.utils")
    management: Any = importlib.import_module("comfy.model_management")
    bars: list[Any] = []

    def tell(state: dict[str, Any]) -> None:
        management.throw_exception_if_processing_interrupted()
        if not bars:
            bars.append(utils.ProgressBar(state["total"]))
        bars[0].update_absolute(state["done"], state["total"])

    yield tell
