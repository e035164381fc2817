from __future__ import annotations

import numpy as np
import torch

from pixelguide.edit.editor import Editor
from pixelguide.prior.denoiser import Denoiser
from pixelguide.segment.classifier import ClassifierBank
from pixelguide.workers.shared_tensors import Apart, put_together, take_apart


def test_tensors_come_back_as_they_lay() -> None:
    base = torch.arange(24, dtype=torch.float32)
    content = {
        "turned": base.reshape(2, 3, 4).permute(2, 0, 1),
        "part": base[3:9],
        "half": torch.ones(3, dtype=torch.bfloat16),
        "learned": torch.nn.Parameter(torch.zeros(2)),
        "none": torch.empty(0),
        "other": ["words", 3],
    }
    found = put_together(take_apart(content))
    for name, value in content.items():
        if isinstance(value, torch.Tensor):
            assert torch.equal(found[name], value)
            assert found[name].stride() == value.stride()
            assert found[name].requires_grad == value.requires_grad
            assert type(found[name]) is type(value)
        else:
            assert found[name] == value


def test_storage_is_shared_and_may_be_read_only() -> None:
    base = torch.arange(6)
    apart = take_apart([base, base[2:], base.clone()])
    assert len(apart.arrays) == 2  # one for the first two
    for array in apart.arrays:
        array.setflags(write=False)
    first, second, _ = put_together(apart)
    assert first.untyped_storage().data_ptr() == second.untyped_storage().data_ptr()
    assert first.data_ptr() == apart.arrays[0].ctypes.data  # no copy


def test_a_network_computes_the_same(
    denoiser: Denoiser, segmenter_bank: ClassifierBank, tiny_editor: Editor, x_0: torch.Tensor
) -> None:
    apart = take_apart((denoiser, segmenter_bank))
    weights = sum(p.numel() * p.element_size() for p in denoiser.unet.parameters())
    assert len(apart.skeleton) < weights / 4 < apart.nbytes
    shared = Apart(apart.skeleton, tuple(np.array(array) for array in apart.arrays))
    again, _ = put_together(shared)
    for ours, theirs in zip(again.features(x_0, 50), denoiser.features(x_0, 50), strict=True):
        assert torch.equal(ours, theirs)
