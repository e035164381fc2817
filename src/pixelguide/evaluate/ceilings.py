"""What this machine can do at best: matrix products and copies, measured."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from pixelguide.seeds import generator

LONG_ENOUGH = 0.02  # seconds of a matrix product: its overhead is then negligible


@dataclass(frozen=True)
class Ceilings:
    """flops: floating point operations a second in a large square matrix product of the type that
    the work is done in. bytes: bytes a second that a large copy reads and writes together."""

    flops: float
    bytes: float


def synchronize(device: torch.device) -> None:
    """Wait until the device has done what it was told to."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def measure_ceilings(
    device: torch.device,
    dtype: torch.dtype = torch.float32,
    largest: int | None = None,
    copied: int | None = None,
    repeats: int = 5,
) -> Ceilings:
    """The best of `repeats` matrix products, and of as many copies of `copied` bytes.

    The matrices' side is doubled from 256 until one product takes `LONG_ENOUGH` or it is
    `largest`: not every processor has fast products of every type. By default they fill the device
    and the copies leave its caches: 2048 and 256 MiB on a CPU, 8192 and 1 GiB elsewhere.
    """
    accelerated = device.type != "cpu"
    largest = largest or (8192 if accelerated else 2048)
    copied = copied or (1 << 30 if accelerated else 1 << 28)
    side, flops = min(256, largest), 0.0
    while True:
        seconds = _fastest(_product(side, device, dtype), device, repeats)
        flops = max(flops, 2 * side**3 / seconds)
        if seconds > LONG_ENOUGH or 2 * side > largest:
            break
        side *= 2
    # write before reading: pages never written are all mapped to one page of zeros
    source, target = (torch.zeros(copied, dtype=torch.uint8, device=device) + 1 for _ in range(2))
    copy = _fastest(lambda: target.copy_(source), device, repeats)
    return Ceilings(flops, 2 * copied / copy)


def _product(side: int, device: torch.device, dtype: torch.dtype) -> Callable[[], object]:
    draws = generator(0, "ceilings")
    a, b = (torch.randn(side, side, generator=draws).to(device, dtype) for _ in range(2))
    result = torch.empty_like(a)
    return lambda: torch.matmul(a, b, out=result)


def _fastest(work: Callable[[], object], device: torch.device, repeats: int) -> float:
    """Seconds of the fastest run but the first, which warms up."""
    seconds = []
    for _ in range(repeats + 1):
        synchronize(device)
        began = time.perf_counter()
        work()
        synchronize(device)
        seconds.append(time.perf_counter() - began)
    return min(seconds[1:])


def describe_machine(device: torch.device) -> dict[str, Any]:
    """What a measurement ran on, for its report."""
    machine: dict[str, Any] = {
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": _cpu_model(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "cpu_count": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "device": str(device),
    }
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        machine |= {
            "gpu": properties.name,
            "gpu_memory_bytes": properties.total_memory,
            "cuda": torch.version.cuda,
            # whether fp32 is rounded to 10 bits, which makes it faster than its own ceiling
            "tf32": {
                "matmul": torch.backends.cuda.matmul.allow_tf32,
                "convolution": torch.backends.cudnn.allow_tf32,
            },
        }
    return machine


def process_peak_bytes() -> int | None:
    """The most memory this process has held so far; None where the system does not say."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text("utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
