"""The profile of a pass: what took how long."""

from __future__ import annotations

import torch

from benchmarks.kernels import Kernel, kernels, passes, table
from pixelguide.evaluate.subjects import subject_of_shape
from pixelguide.prior.kernels.options import InferenceOptions


def test_a_guided_pass_multiplies_more_often_than_a_pass_up() -> None:
    cpu = torch.device("cpu")
    subject = subject_of_shape("adm-64", 32, cpu, InferenceOptions(plain=True))
    convolutions = {}
    for name, work in passes(subject, 2).items():
        work()
        found = kernels(work, cpu, 2)
        assert found == sorted(found, key=lambda kernel: -kernel.milliseconds)
        assert all(kernel.milliseconds > 0 for kernel in found)
        convolutions[name] = sum(own.calls for own in found if "convolution" in own.name)
    assert 0 < convolutions["pass up"] < convolutions["guided pass"]


def test_the_table_leaves_nothing_out() -> None:
    found = [Kernel("a|b", 2, 6.0), Kernel("c", 1, 3.0), Kernel("d", 1.5, 1.0)]
    rows = table(found, 1).splitlines()
    assert rows[2:] == ["| a/b | 2 | 6.000 | 60.0% |", "| the rest | 2.5 | 4.000 | 40.0% |"]
    assert len(table(found, 3).splitlines()) == 2 + 3
