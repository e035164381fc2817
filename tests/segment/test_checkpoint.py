"""A killed training goes on to the same bits, and with nothing else than what it began with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from eye import SETTINGS, equal, state
from pixelguide.errors import InputError
from pixelguide.labels import IGNORE
from pixelguide.segment.dataset import LabelledPictures
from pixelguide.segment.plan import guide_timesteps
from pixelguide.segment.training import train_classifiers


class KilledError(Exception):
    pass


def kill_at(done: int) -> Any:
    def on_progress(told: dict[str, Any]) -> None:
        if told["done"] >= done:
            raise KilledError

    return on_progress


def killed_training(eye: Any, pictures: LabelledPictures, folder: Path) -> Path:
    """The checkpoint of a training that was killed after its first part."""
    checkpoint = folder / "checkpoint.safetensors"
    with pytest.raises(KilledError):
        train_classifiers(eye, pictures, SETTINGS, checkpoint=checkpoint, on_progress=kill_at(1))
    return checkpoint


@pytest.mark.parametrize("killed_at", [1, 2, 3, 5])
def test_a_killed_run_goes_on_to_the_same_bits(
    eye: Any, pictures: LabelledPictures, tmp_path: Path, killed_at: int
) -> None:
    whole = state(train_classifiers(eye, pictures, SETTINGS))
    checkpoint = tmp_path / "checkpoint.safetensors"
    with pytest.raises(KilledError):
        train_classifiers(
            eye, pictures, SETTINGS, checkpoint=checkpoint, on_progress=kill_at(killed_at)
        )
    eye.seen.clear()
    told: list[dict[str, Any]] = []
    resumed = train_classifiers(
        eye, pictures, SETTINGS, checkpoint=checkpoint, on_progress=told.append
    )
    assert equal(state(resumed), whole)
    # f_multi and what the guide starts from, then its members by twos
    finished = {1: 1, 2: 2, 3: 4, 5: 6}[killed_at]
    if finished > 1:
        left = guide_timesteps(SETTINGS)[finished - 2 :]
        assert set(eye.seen) == set(left), "none is trained twice"
    assert all(finished <= state["done"] <= state["total"] == 7 for state in told)
    shares = [state["share"] for state in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert told[-1]["done"] == 7
    eye.seen.clear()
    again = train_classifiers(eye, pictures, SETTINGS, checkpoint=checkpoint)
    assert not eye.seen, "a finished run has nothing left to do"
    assert equal(state(again), whole)


@pytest.mark.parametrize(
    "other",
    [{"seed": 1}, {"iterations": 7}, {"mirror": False}, {"starts": (10,)}, {"learning_rate": 1e-2}],
)
def test_a_checkpoint_of_other_settings_is_refused(
    eye: Any, pictures: LabelledPictures, tmp_path: Path, other: dict[str, Any]
) -> None:
    checkpoint = killed_training(eye, pictures, tmp_path)
    with pytest.raises(InputError, match="other settings, data or prior"):
        train_classifiers(eye, pictures, replace(SETTINGS, **other), checkpoint=checkpoint)


@pytest.mark.parametrize("change", ["pixel", "moved pixel", "label", "swapped labels"])
def test_a_checkpoint_of_other_data_is_refused(
    eye: Any, pictures: LabelledPictures, tmp_path: Path, change: str
) -> None:
    checkpoint = killed_training(eye, pictures, tmp_path)
    images, ids = pictures.images.copy(), pictures.label_ids.copy()
    if change == "pixel":
        images[0, 4, 4, 0] ^= 1
    elif change == "moved pixel":
        images[0] = images[0, ::-1]
    elif change == "label":
        ids[0, 4, 4] = IGNORE
    else:
        ids[0] = ids[0, ::-1]
    other = LabelledPictures(images, ids, pictures.labels)
    with pytest.raises(InputError, match="other settings, data or prior"):
        train_classifiers(eye, other, SETTINGS, checkpoint=checkpoint)


def test_a_checkpoint_of_another_prior_is_refused(
    eye: Any, pictures: LabelledPictures, tmp_path: Path
) -> None:
    checkpoint = killed_training(eye, pictures, tmp_path)
    eye.unet.weight.data += 1
    with pytest.raises(InputError, match="prior"):
        train_classifiers(eye, pictures, SETTINGS, checkpoint=checkpoint)


def test_a_damaged_checkpoint_is_refused(
    eye: Any, pictures: LabelledPictures, tmp_path: Path
) -> None:
    checkpoint = killed_training(eye, pictures, tmp_path)
    checkpoint.write_bytes(checkpoint.read_bytes()[:-100])
    with pytest.raises(InputError, match=r"checkpoint\.safetensors"):
        train_classifiers(eye, pictures, SETTINGS, checkpoint=checkpoint)


def _rewrite(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path)


STATES: dict[str, Callable[[Path], object]] = {
    "no identity": lambda p: _rewrite(p, lambda t: t.pop("identity")),
    "no count": lambda p: _rewrite(p, lambda t: t.pop("done")),
    "identity of one number": lambda p: _rewrite(p, lambda t: t.update(identity=torch.tensor(1))),
    "identity of large numbers": lambda p: _rewrite(
        p, lambda t: t.update(identity=torch.full((9,), 999))
    ),
    "identity that is no text": lambda p: _rewrite(
        p, lambda t: t.update(identity=torch.full((9,), 255, dtype=torch.uint8))
    ),
    "identity of floats": lambda p: _rewrite(p, lambda t: t.update(identity=torch.rand(9))),
    "count of two": lambda p: _rewrite(p, lambda t: t.update(done=torch.tensor([1, 2]))),
    "negative count": lambda p: _rewrite(p, lambda t: t.update(done=torch.tensor(-1))),
    "large count": lambda p: _rewrite(p, lambda t: t.update(done=torch.tensor(10**6))),
    "count that is no number": lambda p: _rewrite(
        p, lambda t: t.update(done=torch.tensor(torch.inf))
    ),
    "empty": lambda p: p.write_bytes(b""),
    "half": lambda p: p.write_bytes(p.read_bytes()[: p.stat().st_size // 2]),
    "text": lambda p: p.write_bytes(b"text " * 100),
}


@pytest.mark.parametrize("damage", STATES)
def test_a_damaged_state_is_one_line(
    eye: Any, pictures: LabelledPictures, tmp_path: Path, damage: str
) -> None:
    """Five of these kinds were tracebacks."""
    checkpoint = killed_training(eye, pictures, tmp_path)
    STATES[damage](checkpoint)
    with pytest.raises(InputError, match=r"checkpoint\.safetensors") as refused:
        train_classifiers(eye, pictures, SETTINGS, checkpoint=checkpoint)
    assert "\n" not in str(refused.value)


def test_another_number_of_threads_is_said(
    eye: Any, pictures: LabelledPictures, tmp_path: Path
) -> None:
    checkpoint = killed_training(eye, pictures, tmp_path)
    _rewrite(checkpoint, lambda t: t.update(threads=torch.tensor(77)))
    notes: list[str] = []
    train_classifiers(eye, pictures, SETTINGS, checkpoint=checkpoint, on_note=notes.append)
    assert [note.partition(" before")[0] for note in notes] == ["the training ran with 77 threads"]
    train_classifiers(eye, pictures, SETTINGS, checkpoint=checkpoint, on_note=notes.append)
    assert len(notes) == 1, "it was written anew"
