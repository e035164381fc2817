"""What the processor that runs the tests can do: what it lacks is skipped, and the reason shown."""

from __future__ import annotations

import platform
from functools import cache

import pytest
import torch

from pixelguide.prior.kernels.packed import pack


@cache
def _why_no_packed_bf16() -> str:
    """oneDNN's own words where it cannot lay bfloat16 weights out; "" where it can."""
    try:
        pack(torch.zeros(16, 16, 3, 3, dtype=torch.bfloat16), (1, 1), (1, 16, 8, 8))
    except (RuntimeError, NotImplementedError, AttributeError) as error:
        told = str(error).splitlines()[0]
        # on x86-64 nothing but the instruction set may be the reason
        if platform.machine() == "x86_64" and "avx512" not in told:
            raise
        return told
    return ""


needs_packed_bf16 = pytest.mark.skipif(
    bool(_why_no_packed_bf16()), reason=f"this processor: {_why_no_packed_bf16()}"
)
"""For tests of `packed`, which the product uses only where `runs_bf16` says that it pays."""
