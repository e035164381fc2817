"""The house itself: sizes of files, what lies at the root, files that documents name."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LONGEST = 300
"""Lines of a file under src/, at most."""
AT_THE_ROOT = {
    *(
        ".ci",
        ".gitignore",
        ".pre-commit-config.yaml",
        "benchmarks",
        "docs",
        "integrations",
        "recipes",
        "src",
    ),
    *("tests", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md"),
    *("constraints.txt", "package.json", "pyproject.toml", "tsconfig.json"),
}
"""What the repository's root may hold; findings/ once there is one."""
OPTIONAL = {"findings"}
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("*/*.md")])
_FOLDERS = "src|tests|docs|benchmarks|recipes|findings"


def tracked() -> list[str]:
    """Names of the files that git knows, relative to the root."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"],  # noqa: S607
            cwd=ROOT, capture_output=True, check=True, text=True,
        ).stdout  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no git checkout")
    return [name for name in listed.split("\0") if name and (ROOT / name).exists()]


def test_no_source_file_is_longer_than_300_lines() -> None:
    texts = [p for p in (ROOT / "src").rglob("*") if p.suffix in (".py", ".js", ".css", ".html")]
    assert len(texts) > 200
    lines = {path.relative_to(ROOT): path.read_text("utf-8").count("\n") for path in texts}
    assert {path: count for path, count in lines.items() if count > LONGEST} == {}


def test_no_stray_file_lies_at_the_root() -> None:
    found = {name.partition("/")[0] for name in tracked()}
    assert found - OPTIONAL == AT_THE_ROOT


def test_every_package_of_tests_mirrors_one_of_the_source() -> None:
    rooms = {p.parent.relative_to(ROOT / "src/pixelguide") for p in
             (ROOT / "src/pixelguide").rglob("__init__.py")}  # fmt: skip
    for folder in ("guidance", "photo", "edit", "prior/kernels", "prior/adm", "studio/routes"):
        assert Path(folder) in rooms
        assert list((ROOT / "tests" / folder).glob("test_*.py")), folder


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_that_documents_name_exist(document: Path) -> None:
    if document.name == "CHANGELOG.md":
        return  # tells what was
    text = document.read_text("utf-8")
    named = re.findall(rf"`((?:{_FOLDERS})/[\w./-]+\.\w+)`", text)
    named += [f"src/pixelguide/{name}" for name in
              re.findall(r"`((?:[a-z_]+/)+[a-z_0-9]+\.py)`", text)
              if not re.match(rf"(?:{_FOLDERS})/", name)]  # fmt: skip
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_every_benchmark_is_told_of() -> None:
    text = (ROOT / "benchmarks/README.md").read_text("utf-8")
    for path in (ROOT / "benchmarks").glob("*.py"):
        assert path.name == "__init__.py" or f"`benchmarks/{path.name}`" in text, path.name
    assert "`benchmarks/editgan/`" in text


ANSWERS = {
    "eq. 9": "def _ddpm",
    "eq. 7": "def region_of_interest",
    "16-bit TIFF": "def encode_tiff",
    "seam": "def put_back",
    "old uploads": "def forget",
    "foreign Origin": '"foreign_origin"',
    "Triton kernel": "@triton.jit",
    "ADM checkpoint": "def convert_weights",
    "model's hash": "def check_manifest",
    "`--steps`": '"--steps"',
}
"""Of each of the ten questions, what its file has to hold to be the answer."""


def test_ten_questions_find_their_file() -> None:
    text = (ROOT / "docs/architecture.md").read_text("utf-8").partition("## Ten questions")[2]
    rows = re.findall(r"^\| (.*\?) \| `(.*)` \|$", text, re.MULTILINE)
    assert len(rows) == len(ANSWERS) == 10
    for (question, file), (words, content) in zip(rows, ANSWERS.items(), strict=True):
        assert words in question
        assert content in (ROOT / "src/pixelguide" / file).read_text("utf-8")
