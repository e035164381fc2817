"""The comparison with the authors' code, as far as it goes without that code."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks import against_authors
from benchmarks.against_authors import Recalled
from benchmarks.authors import NEEDED, AdmFlags
from benchmarks.same_parts import CLASSES, random_classifier
from pixelguide.errors import InputError
from pixelguide.evaluate.subjects import SHAPES
from pixelguide.prior.taps import list_taps
from pixelguide.segment.foreign_classifiers import LAYERS, find_classifiers, import_guide


@pytest.mark.parametrize("there", [(), NEEDED[1:]])
def test_an_incomplete_clone_is_named_in_one_line(
    tmp_path: Path,
    there: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in there:
        (tmp_path / "torch" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "torch" / name).touch()
    monkeypatch.setattr("sys.argv", ["against_authors", "--theirs", str(tmp_path)])
    assert against_authors.main() == 2
    told = capsys.readouterr().err.replace("\n", " ")
    assert told.startswith("error: ")
    assert NEEDED[0] in told
    assert "submodules" in told


def test_recalled_activations_take_gradients_and_pass_none_on() -> None:
    marks: list[float] = []
    x, kept = torch.ones(2, requires_grad=True), torch.arange(3.0)
    (given,) = Recalled.apply(x, marks, time.perf_counter, kept)
    torch.testing.assert_close(given, kept)
    assert len(marks) == 1
    (gradient,) = torch.autograd.grad((given * 2).sum(), x)
    assert not gradient.any()
    assert len(marks) == 2
    assert marks[0] <= marks[1]


def test_random_classifiers_are_read_as_those_of_the_authors(tmp_path: Path) -> None:
    with torch.device("meta"):
        taps = list_taps(SHAPES["adm-64"].build(torch.Generator()))
    inputs = sum(taps[index].channels for index in (5, 6, 7, 8, 12))
    state = random_classifier(inputs, 499)
    folder = tmp_path / "499_5_6_7_8_12"
    folder.mkdir()
    torch.save({"model_state_dict": state}, folder / "model_0.pth")
    bank = import_guide(find_classifiers(tmp_path), taps, [499])
    assert bank.num_classes == CLASSES
    for ours, theirs in LAYERS.items():
        torch.testing.assert_close(getattr(bank, ours)[0], state[theirs])


def test_flags_are_those_of_adm_scaled() -> None:
    assert AdmFlags(256).all()["attention_resolutions"] == "32,16,8"
    assert AdmFlags(64).all()["attention_resolutions"] == "8,4,2"


def test_a_whole_edit_adds_up_its_passes() -> None:
    def told(theirs: float, ours: float) -> dict[str, Any]:
        return {"seconds": {"theirs": [theirs, 9 * theirs, theirs], "ours": [ours] * 3}}

    results = {"inversion step": told(2.0, 1.0), "guided step": told(4.0, 3.0)}
    whole = against_authors.whole_edit(results, (10, 20))
    assert whole["seconds"] == {"theirs": 50 * 2 + 50 * 4, "ours": 10 * 1 + 20 * 3}
    assert whole["ratio"] == pytest.approx(70 / 300)


@pytest.mark.parametrize("text", ["", "50", "1,2,3", "a,b", "-1,2"])
def test_passes_that_are_no_two_numbers(text: str) -> None:
    with pytest.raises(InputError, match="49,50"):
        against_authors.our_passes(text)
