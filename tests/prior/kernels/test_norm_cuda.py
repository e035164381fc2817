"""The GPU's normalization, by Triton's interpreter where there is no GPU: `TRITON_INTERPRET=1`."""

from __future__ import annotations

import os

import pytest
import torch
from torch.nn import functional as F  # noqa: N812

from conftest import seeded

pytest.importorskip("triton", reason="comes with PyTorch for CUDA")
if not (torch.cuda.is_available() or os.environ.get("TRITON_INTERPRET") == "1"):
    pytest.skip("no GPU, and TRITON_INTERPRET is not 1", allow_module_level=True)

from pixelguide.prior.kernels.norm_cuda import norm_silu_cuda

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
SHAPES = [(2, 96, 20, 32), (1, 12, 3, 4), (2, 256, 17, 32)]
"""Pictures, channels, side, groups: none fills the kernels' blocks."""


@pytest.mark.parametrize(("count", "width", "side", "groups"), SHAPES)
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 5e-3)])
def test_it_is_pytorchs_own_in_double_precision(
    count: int, width: int, side: int, groups: int, dtype: torch.dtype, tolerance: float
) -> None:
    draws = seeded(0)
    x = torch.randn(count, width, side, side, generator=draws) * 2 + 3
    x = x.to(DEVICE, dtype).requires_grad_()
    gain, offset = (torch.randn(count, width, generator=draws).to(DEVICE) for _ in range(2))
    pushed = torch.randn(x.shape, generator=draws).to(DEVICE, dtype)
    found = norm_silu_cuda(x, gain, offset, groups, 1e-5)
    (gradient,) = torch.autograd.grad(found, x, pushed)

    exact = x.detach().double().requires_grad_()
    normal = F.group_norm(exact, groups, eps=1e-5)
    expected = F.silu(normal * gain.double()[..., None, None] + offset.double()[..., None, None])
    (wanted,) = torch.autograd.grad(expected, exact, pushed.double())
    for own, other in ((found, expected), (gradient, wanted)):
        assert own.dtype == dtype
        assert own.is_contiguous(memory_format=torch.channels_last)
        far = (own.detach().double() - other.detach()).norm() / other.detach().norm()
        assert float(far) < tolerance
