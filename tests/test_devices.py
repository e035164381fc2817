from __future__ import annotations

import pytest
import torch

from pixelguide.devices import choose_device
from pixelguide.errors import InputError


@pytest.mark.parametrize("device", ["cpu", torch.device("cpu")])
def test_a_named_device_is_taken(device: str | torch.device) -> None:
    assert choose_device(device) == torch.device("cpu")


@pytest.mark.parametrize(
    ("cuda", "mps", "chosen"),
    [(True, True, "cuda"), (True, False, "cuda"), (False, True, "mps"), (False, False, "cpu")],
)
def test_auto_takes_the_fastest_there_is(
    monkeypatch: pytest.MonkeyPatch, cuda: bool, mps: bool, chosen: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert choose_device("auto").type == chosen


@pytest.mark.parametrize(
    "device", ["abacus", "", "cpu:x", "cuda:99", "xla", "vulkan", "hpu", "privateuseone", "meta"]
)
def test_what_cannot_compute_here_is_refused_by_name(device: str) -> None:
    with pytest.raises(InputError) as caught:
        choose_device(device)
    assert caught.value.what == f"device '{device}' is not available"
