"""The models that a Studio can edit with, one at a time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

from pixelguide.errors import PixelguideError
from pixelguide.studio.category import Category
from pixelguide.studio.http_errors import not_found
from pixelguide.studio.services import Services

FIRST = "faces-128"
"""What a Studio begins with where it is here: people come with photographs."""
OpenServices = Callable[[str, Category], AbstractContextManager[Services]]
"""Given the model's name or folder, and what is known of it without its weights."""


def default_model() -> str:
    """The model to begin with where none is named."""
    from pixelguide.prior.bundle import built_in_models

    known = built_in_models()
    return FIRST if FIRST in known or not known else next(iter(known))


def available_models() -> dict[str, str]:
    """Names of the built-in and the pulled models, and how to open each."""
    from pixelguide.prior.bundle import built_in_models
    from pixelguide.prior.public.registry import REGISTRY, others_pulled

    found = {name: name for name in built_in_models()}
    for entry in (*REGISTRY.values(), *others_pulled()):
        if entry.is_model and entry.folder.is_dir():
            found[entry.name] = entry.name
    return {name: found[name] for name in sorted(found, key=lambda each: (each != FIRST, each))}


def opening_content(services: Services) -> dict[str, int] | None:
    """{"done", "total"}: stages of opening the model; None once that has ended."""
    opening = services.supervisor.opening
    return asdict(opening) if opening else None


class Models:
    """The services of the model in use, and the way to those of another.

    A context manager, which ends them. Safe to use from several threads.
    """

    def __init__(self, model: str, category: Category, open_services: OpenServices) -> None:
        """model: to begin with. open_services: starts a Studio over a model."""
        self._open, self._lock, self._stack = open_services, threading.Lock(), ExitStack()
        self._current, self._category = model, category
        self.services = self._stack.enter_context(open_services(model, category))

    def __enter__(self) -> Models:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    def content(self) -> list[dict[str, Any]]:
        """Of each model its name, and whether it is the one in use, which comes first where it is
        none of those known by name; of that one how far its opening is."""
        names = list(available_models())
        current = Path(self._current).name if self._current not in names else self._current
        if current not in names:
            names.insert(0, current)
        opening = opening_content(self.services)
        return [
            {
                "name": name,
                "current": name == current,
                "opening": opening if name == current else None,
            }
            for name in names
        ]

    def switch(self, name: str, loop: asyncio.AbstractEventLoop) -> Services:
        """Edit with another model from now on; what was running waits until its own is back.

        Raises HttpError (404) for a name that is not among those available, and as
        `Category.open`; the model in use stays then.
        """
        known = available_models()
        if name not in known:
            raise not_found("model")
        with self._lock:
            if name == self._current:
                return self.services
            category = Category.open(known[name])
            loop.call_soon_threadsafe(self.services.events.close)
            self._stack.close()
            try:
                self._start(name, category, loop)
            except PixelguideError:
                self._start(self._current, self._category, loop)
                raise
            return self.services

    def _start(self, name: str, category: Category, loop: asyncio.AbstractEventLoop) -> None:
        self.services = self._stack.enter_context(self._open(name, category))
        self.services.events.attach(loop)
        self._current, self._category = name, category
