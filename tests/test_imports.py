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
        "import pixelguide.studio.app, pixelguide.studio.serve, pixelguide.studio.services\n"
        "from pixelguide.studio.category import Category\nCategory.open('faces-128')",
    ],
)
def test_what_needs_no_model_needs_no_torch(code: str) -> None:
    assert _loaded(code, "torch", "scipy", "diffusers") == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["edit", "{face}", "--map", "{map}", "-o", "{out}", "--wrong"], "no such option"),
        (["edit", "{face}", "--map", "{map}", "-o", "{out}", "--steps", "many"], "--steps many"),
        (["edit", "{face}", "--map", "nowhere.png", "-o", "{out}"], "no such file, nowhere.png"),
        (["edit", "nowhere.png", "--map", "{map}", "-o", "{out}"], "no such file, nowhere.png"),
        (["edit", "{face}", "--map", "{face}", "-o", "{out}"], "colour"),
        (["edit", "{face}", "--map", "{map}", "-o", "{out}", "--crop", "1,2"], "crop"),
        (["edit", "{face}", "--map", "{map}", "-o", "{out}", "--model", "nobody"], "nobody"),
        (["segment", "nowhere.png", "-o", "{out}/map.png"], "no such file, nowhere.png"),
        (["inpaint", "nowhere.png", "--mask", "{map}", "-o", "{out}"], "no such file"),
    ],
)
def test_what_is_wrong_with_the_input_is_told_before_torch_is_there(
    tmp_path: Path, arguments: list[str], told: str
) -> None:
    write_portraits(tmp_path, 1, seed=1000, with_labels=True)
    places = {
        "face": str(tmp_path / "000000.png"),
        "map": str(tmp_path / "000000_label.png"),
        "out": str(tmp_path / "out"),
    }
    given = [argument.format(**places) for argument in arguments]
    code = (
        "from pixelguide.cli import main\n"
        f"try:\n    main({given!r})\nexcept SystemExit as ended:\n    assert ended.code == 2\n"
        "else:\n    raise AssertionError('it went on')"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", f"{code}\nimport sys\nprint('torch' in sys.modules)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert told in done.stderr.lower()
    assert done.stdout.splitlines()[-1] == "False"
