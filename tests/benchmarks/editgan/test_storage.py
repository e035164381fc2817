"""Networks and trainings on disk."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from benchmarks.editgan.networks import Generator, Shape
from benchmarks.editgan.storage import (
    fill_module,
    load_shape,
    load_training,
    save_module,
    save_training,
)
from conftest import seeded
from pixelguide.errors import InputError


def test_a_network_comes_back_frozen(tmp_path: Path, shape: Shape) -> None:
    saved = Generator(shape, seeded(0))
    save_module(tmp_path / "net", saved, shape)
    assert load_shape(tmp_path / "net") == shape
    loaded = Generator(shape, seeded(1))
    fill_module(tmp_path / "net", loaded)
    for name, value in saved.state_dict().items():
        assert torch.equal(value.half().float(), loaded.state_dict()[name]), name
    assert not any(weight.requires_grad for weight in loaded.parameters())


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"channels": 3}', '{"channels": [4, 4], "x": 1}']
)
def test_malformed_shapes(tmp_path: Path, text: str) -> None:
    (tmp_path / "net.json").write_text(text)
    with pytest.raises(InputError, match=r"net\.json"):
        load_shape(tmp_path / "net")


def test_another_networks_weights(tmp_path: Path, shape: Shape) -> None:
    save_module(tmp_path / "net", torch.nn.Linear(2, 2), shape)
    with pytest.raises(InputError, match="missing"):
        fill_module(tmp_path / "net", Generator(shape, seeded(0)))


def trained(seed: int) -> tuple[torch.nn.Linear, torch.optim.Optimizer]:
    """A layer after one step of Adam."""
    layer = torch.nn.Linear(3, 2)
    with torch.no_grad():
        layer.weight.normal_(generator=seeded(seed))
    optimizer = torch.optim.Adam(layer.parameters())
    layer(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    return layer, optimizer


def test_a_training_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "training.safetensors"
    layer, optimizer = trained(0)
    assert load_training(path, {"net": layer}, [optimizer], {"rate": 1}) == 0
    save_training(path, {"net": layer}, [optimizer], 7, {"rate": 1})
    other, second = trained(1)
    assert load_training(path, {"net": other}, [second], {"rate": 1}) == 7
    for net, player in ((layer, optimizer), (other, second)):
        player.zero_grad()
        net(torch.ones(1, 3)).square().sum().backward()
        player.step()
    assert torch.equal(layer.weight, other.weight)


def test_checkpoints_that_cannot_be_used(tmp_path: Path) -> None:
    path = tmp_path / "training.safetensors"
    layer, optimizer = trained(0)
    save_training(path, {"net": layer}, [optimizer], 7, {"rate": 1})
    with pytest.raises(InputError, match="another training"):
        load_training(path, {"net": layer}, [optimizer], {"rate": 2})
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InputError, match="training"):
        load_training(path, {"net": layer}, [optimizer], {"rate": 1})
