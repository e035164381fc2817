"""The state between two training steps comes back whole, or is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import safetensors
import safetensors.torch
import torch
from diffusers.training_utils import EMAModel
from torch import nn

from pixelguide.errors import InputError
from pixelguide.prior.checkpoint import NAME, load_checkpoint, save_checkpoint

IDENTITY = {"architecture": {"channels": (16, 32)}, "seed": 1}


class Run:
    """A training of almost nothing."""

    def __init__(self, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.model = nn.Linear(3, 2)
        for weight in self.model.parameters():
            nn.init.normal_(weight, generator=generator)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=0.1)
        self.ema = EMAModel(self.model.parameters(), decay=0.9, use_ema_warmup=True)

    def step(self) -> None:
        self.model(torch.tensor([1.0, -2.0, 3.0])).square().sum().backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.ema.step(self.model.parameters())

    def save(self, folder: Path, step: int = 3) -> None:
        save_checkpoint(folder, self.model, self.optimizer, self.ema, step, IDENTITY)

    def load(self, folder: Path, identity: dict[str, object] = IDENTITY) -> int:
        return load_checkpoint(folder, self.model, self.optimizer, self.ema, identity)

    def state(self) -> list[torch.Tensor]:
        return [*self.model.parameters(), *self.ema.shadow_params]


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    run = Run(1)
    for _ in range(3):
        run.step()
    run.save(tmp_path)
    return tmp_path


def test_training_goes_on_as_if_nothing_had_happened(tmp_path: Path) -> None:
    steady, interrupted = Run(1), Run(2)
    for _ in range(3):
        steady.step()
    steady.save(tmp_path)
    assert interrupted.load(tmp_path) == 3
    for _ in range(2):
        steady.step()
        interrupted.step()
    for ours, theirs in zip(interrupted.state(), steady.state(), strict=True):
        assert torch.equal(ours, theirs)


def test_nothing_saved_is_step_0(tmp_path: Path) -> None:
    run = Run(1)
    assert run.load(tmp_path) == 0
    for ours, fresh in zip(run.state(), Run(1).state(), strict=True):
        assert torch.equal(ours, fresh)


def test_file_is_one_safetensors_file(saved: Path) -> None:
    assert [path.name for path in saved.iterdir()] == [NAME]
    with safetensors.safe_open(saved / NAME, "pt") as file:
        assert file.metadata()["step"] == "3"


def test_other_identity_is_refused(saved: Path) -> None:
    with pytest.raises(InputError, match=f"another training.*seed.*{NAME}"):
        Run(1).load(saved, {**IDENTITY, "seed": 2})


def test_order_and_sequence_type_of_the_identity_do_not_matter(saved: Path) -> None:
    assert Run(1).load(saved, {"seed": 1, "architecture": {"channels": [16, 32]}}) == 3


def _rewrite(path: Path, without: str = "", **changed: torch.Tensor) -> None:
    """Leave out one tensor, or add or replace some (their names with __ for the dots)."""
    with safetensors.safe_open(path, "pt") as file:
        names = [name for name in file.keys() if name != without]  # noqa: SIM118
        tensors = {name: file.get_tensor(name) for name in names}
        metadata = file.metadata()
    tensors |= {name.replace("__", "."): value for name, value in changed.items()}
    safetensors.torch.save_file(tensors, path, metadata)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-10]),
    "header": lambda path: path.write_bytes(b"\xff" + path.read_bytes()[1:]),
    "no metadata": lambda path: safetensors.torch.save_file({"a": torch.zeros(1)}, path),
    "other step": lambda path: path.write_bytes(
        path.read_bytes().replace(b'"step":"3"', b'"step":"x"')
    ),
    "weight missing": lambda path: _rewrite(path, "model.weight"),
    "weight of other shape": lambda path: _rewrite(path, model__weight=torch.zeros(2, 4)),
    "weight not finite": lambda path: _rewrite(path, model__bias=torch.tensor([0.0, torch.nan])),
    "average missing": lambda path: _rewrite(path, "ema.1"),
    "moment missing": lambda path: _rewrite(path, "optimizer.0.exp_avg"),
    "average of another shape": lambda path: _rewrite(path, ema__1=torch.zeros(7)),
    "average not finite": lambda path: _rewrite(path, ema__1=torch.full((2,), torch.inf)),
    "moment of another shape": lambda path: _rewrite(
        path, optimizer__0__exp_avg=torch.zeros(1, 1, 4)
    ),
    "moment of no weight": lambda path: _rewrite(path, optimizer__9__exp_avg=torch.zeros(2, 3)),
    "odd name": lambda path: _rewrite(path, optimizer__x__step=torch.zeros(1)),
    "longer name": lambda path: _rewrite(path, optimizer__1__step__x=torch.zeros(1)),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_file_is_refused_and_named(saved: Path, damage: str) -> None:
    DAMAGE[damage](saved / NAME)
    with pytest.raises(InputError, match=NAME):
        Run(1).load(saved)


def test_only_what_differs_is_named(saved: Path) -> None:
    other = {"seed": 2, "architecture": {"channels": [16, 64]}, "mirror": True}
    with pytest.raises(InputError) as refused:
        Run(1).load(saved, other)
    assert refused.value.what == (
        "checkpoint of another training (architecture.channels [16, 32] there, [16, 64] here; "
        "mirror null there, true here; seed 1 there, 2 here)"
    )


def test_another_number_of_threads_is_said(saved: Path) -> None:
    """Their sums have another order, and the weights other last bits."""
    notes: list[str] = []

    def load() -> None:
        run = Run(1)
        load_checkpoint(saved, run.model, run.optimizer, run.ema, IDENTITY, notes.append)

    load()
    assert notes == []
    before = torch.get_num_threads()
    torch.set_num_threads(before + 1)
    try:
        load()
    finally:
        torch.set_num_threads(before)
    assert len(notes) == 1
    assert f"ran with {before} threads before and goes on with {before + 1}" in notes[0]
