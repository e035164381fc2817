"""How a worker opens a model. The server names this function without importing torch for it."""

from __future__ import annotations

from typing import Any

from pixelguide.studio.messages import Report, TaskRunner


def open_editor(model: str, device: str, report: Report) -> TaskRunner:
    """Open a model for the Studio, in the worker process. Raises as `Editor.from_pretrained`.

    report: told of its stages, the first of which is the import of torch.
    """
    from pixelguide.edit.editor import Editor
    from pixelguide.studio.task_runner import EditorTaskRunner

    def tell(state: dict[str, Any]) -> None:
        report({**state, "done": state["done"] + 1, "total": state["total"] + 1})

    return EditorTaskRunner(Editor.from_pretrained(model, device, on_progress=tell))
