from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import torch
from numpy.typing import NDArray

from pixelguide.errors import InputError
from pixelguide.photo.detail import FILE, DetailStep, finer_detail
from pixelguide.photo.detail_training import DetailNetwork
from pixelguide.prior.model_parts import tensor_bytes

SIDE = 24


@pytest.fixture(scope="module")
def network() -> DetailNetwork:
    """Of the shape that a training gives, with weights that add something everywhere."""
    torch.manual_seed(0)
    network = DetailNetwork(8, 2)
    torch.nn.init.normal_(network.last.weight, std=0.1)
    return network


@pytest.fixture(scope="module")
def step(network: DetailNetwork) -> DetailStep:
    return DetailStep({name: value.numpy() for name, value in network.state_dict().items()})


def _area(*rows: int) -> NDArray[np.float32]:
    area = np.zeros((2 * SIDE, 2 * SIDE), np.float32)
    area[slice(*rows), 8:20] = 0.7
    return area


def test_it_answers_as_the_network_that_was_trained(
    network: DetailNetwork, step: DetailStep
) -> None:
    seen = np.random.default_rng(0).uniform(-1, 1, (2 * SIDE, 2 * SIDE, 3)).astype(np.float32)
    for area in (np.ones((2 * SIDE, 2 * SIDE), np.float32), _area(10, 15), _area(0, 48)):
        with torch.no_grad():
            answer = network(
                torch.from_numpy(seen).permute(2, 0, 1)[None], torch.from_numpy(area)[None, None]
            )
        expected = answer[0].permute(1, 2, 0).numpy()
        assert np.abs(expected).max() > 0.01
        assert np.allclose(step(seen, area), expected, atol=1e-5)


def test_nothing_is_added_where_nothing_was_replaced(step: DetailStep) -> None:
    seen = np.zeros((2 * SIDE, 2 * SIDE, 3), np.float32)
    assert not step(seen, _area(0, 0)).any()
    added = step(seen, _area(10, 15))
    assert added[10:15, 8:20].any()
    added[10:15, 8:20] = 0
    assert not added.any()


def test_it_is_told_the_edit_where_it_replaced_and_the_photograph_elsewhere() -> None:
    told = {}

    class Listening(DetailStep):
        def __init__(self) -> None:
            pass

        def __call__(
            self, seen: NDArray[np.float32], replaced: NDArray[np.float32]
        ) -> NDArray[np.float32]:
            told.update(seen=seen, replaced=replaced)
            return np.full_like(seen, 0.1)

    sharp = np.full((2 * SIDE, 2 * SIDE, 3), 255, np.uint8)
    after = np.zeros((SIDE, SIDE, 3), np.float32)
    replaced = np.zeros((SIDE, SIDE), np.float32)
    replaced[:, : SIDE // 2] = 1
    added = finer_detail(Listening(), sharp, after, replaced)
    assert np.allclose(added, 12.75)
    assert (told["seen"][:, : SIDE - 2] == -1).all()
    assert (told["seen"][:, SIDE + 2 :] == 1).all()
    assert (told["replaced"][:, : SIDE - 2] == 1).all()


def test_damaged_files_are_refused(tmp_path: Path, network: DetailNetwork) -> None:
    path = tmp_path / FILE
    with pytest.raises(InputError, match="no such file"):
        DetailStep.read(path)
    path.write_bytes(tensor_bytes(network.state_dict()))
    assert DetailStep.read(path)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(InputError, match="not readable"):
        DetailStep.read(path)
    known = {name: value.numpy() for name, value in network.state_dict().items()}
    for name, value, message in (
        ("last.bias", None, "no tensor 'last.bias'"),
        ("first.weight", np.zeros((8, 3, 3, 3), np.float32), "'first' of another shape"),
        ("blocks.1.0.bias", np.full(8, np.nan, np.float32), "'blocks.1.0' is not finite"),
    ):
        others = {key: tensor for key, tensor in known.items() if key != name}
        path.write_bytes(
            safetensors.numpy.save(others if value is None else {**known, name: value})
        )
        with pytest.raises(InputError, match=message):
            DetailStep.read(path)
