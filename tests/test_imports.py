"""What a command has to import before it can do anything: waiting is what a user sees first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pixelguide.portraits import write_portraits


def _loaded(code: str, *modules: str) -> list[str]:
    """Which of `modules` a fresh process has after `code`."""
    told = f"import sys\n{code}\nprint(*[m for m in {modules!r} if m in sys.modules])"
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", told], capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()[-1].split()


def test_an_edit_needs_neither_diffusers_nor_an_http_library(tmp_path: Path) -> None:
    write_portraits(tmp_path, 1, seed=1000)
    code = (
        "from pixelguide import Editor\n"
        "editor = Editor.from_pretrained('portraits-64', 'cpu')\n"
        f"editor.set_image({str(tmp_path / '000000.png')!r})\n"
        "target = editor.segment().copy()\n"
        "target.ids[40:44, 28:36] = target.labels.id('teeth')\n"
        "editor.edit(target, edit_classes=['teeth'], num_images=1)\n"
    )
    heavy = ("diffusers", "transformers", "torch._dynamo", "requests", "huggingface_hub")
    assert _loaded(code, "torch", *heavy) == ["torch"]


@pytest.mark.parametrize(
    "code",
    [
        "import pixelguide.cli",
        "import pixelguide.annotations, pixelguide.labels",
        "from pixelguide import LabelMap, LabelSet, InputError",
        "import pixelguide.edit.settings",
    ],
)
def test_what_needs_no_model_needs_no_torch(code: str) -> None:
    assert _loaded(code, "torch", "scipy", "diffusers") == []
