"""How a worker opens a model. The server names this function without importing torch for it."""

from __future__ import annotations

from pixelguide.studio.messages import TaskRunner


def open_editor(model: str, device: str) -> TaskRunner:
    """Open a model for the Studio, in the worker process. Raises as `Editor.from_pretrained`."""
    from pixelguide.edit.editor import Editor
    from pixelguide.studio.task_runner import EditorTaskRunner

    return EditorTaskRunner(Editor.from_pretrained(model, device))
