"""Counting operations, bytes moved, and memory held."""

from __future__ import annotations

import pytest
import torch
from diffusers import UNet2DModel
from torch import nn
from torch.nn import functional as F  # noqa: N812
from torch.utils.flop_counter import FlopCounterMode

from conftest import seeded
from pixelguide.evaluate.costs import PeakBytes, WorkCounter, weight_bytes
from pixelguide.evaluate.subjects import SHAPES
from pixelguide.prior.kernels.packed import pack, packed_conv
from pixelguide.prior.taps import PAPER_BLOCKS, TapReader
from processor import needs_packed_bf16


def test_a_product_counts_twice_its_multiplications_and_its_gradient_as_much_again() -> None:
    a, b = torch.randn(2, 3, requires_grad=True), torch.randn(3, 5)
    with WorkCounter() as work:
        product = a @ b
        assert work.flops == 2 * 2 * 3 * 5
        torch.autograd.grad(product.sum(), a)
    assert work.flops == 2 * (2 * 2 * 3 * 5)


def test_attention_counts_on_the_cpu() -> None:
    q, k, v = torch.randn(3, 1, 2, 8, 4).requires_grad_()  # batch 1, heads 2, length 8, width 4
    with WorkCounter() as work:
        attended = F.scaled_dot_product_attention(q, k, v)
        assert work.flops == 2 * (2 * 2 * 8 * 8 * 4)  # scores, then their product with v
        torch.autograd.grad(attended.sum(), (q, k, v))
    assert work.flops > 2 * (2 * (2 * 2 * 8 * 8 * 4))


def test_a_network_without_attention_counts_as_in_torchs_own_counter() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3, stride=2), nn.Flatten(), nn.Linear(4 * 49, 5))
    x = torch.randn(2, 3, 16, 16)
    with FlopCounterMode(display=False) as expected:
        network(x).sum().backward()
    with WorkCounter() as work:
        network(x).sum().backward()
    assert work.flops == expected.get_total_flops() > 0


def test_gradients_of_the_input_can_be_counted(tiny_unet: UNet2DModel) -> None:
    x = torch.randn(1, 3, 16, 16, generator=seeded(0), requires_grad=True)
    with WorkCounter() as work:
        output = tiny_unet(x, torch.tensor([3])).sample
        forward = work.flops
        torch.autograd.grad(output.sum(), x)
    # the weights are frozen: the way back costs about what the way here did
    assert 0.9 * forward < work.flops - forward < 1.3 * forward


def test_an_operator_reads_its_inputs_and_writes_its_result() -> None:
    a, b = torch.ones(100), torch.ones(100)
    with WorkCounter() as work:
        a + b
    assert work.bytes == 3 * 400
    with WorkCounter() as work:
        a.add_(b)
    assert work.bytes == 3 * 400
    with WorkCounter() as work:
        a + a
    assert work.bytes == 2 * 400


def test_views_and_bare_memory_move_nothing_and_repeated_bytes_are_one() -> None:
    a = torch.ones(10, 10)
    with WorkCounter() as work:
        a.T.reshape(100)[3:].unsqueeze(0).detach()
        moved = work.bytes
        torch.empty(50)
        assert work.bytes == moved
    with WorkCounter() as work:
        a[:1].expand(1000, -1).clone()
    assert work.bytes == 400 + 40_000


def test_the_peak_is_what_was_alive_at_once() -> None:
    outside = torch.ones(1000)
    with PeakBytes() as memory:
        a = outside + 1
        b = a + 1
        del a
        b = b + 1
        assert memory.alive == 4000
        b.view(10, 100)
        b.add_(outside)
        del b
    assert memory.peak == 2 * 4000
    assert memory.alive == 0


def test_what_the_gradient_needs_stays_alive() -> None:
    x = torch.ones(1000, requires_grad=True)

    def peak(*, gradients: bool) -> int:
        with torch.set_grad_enabled(gradients), PeakBytes() as memory:
            x.exp().exp().exp().exp()
        return memory.peak

    assert peak(gradients=True) == 4 * 4000
    assert peak(gradients=False) == 2 * 4000


@pytest.mark.parametrize(("dtype", "size"), [(torch.float32, 4), (torch.float16, 2)])
def test_weights_with_their_buffers(dtype: torch.dtype, size: int) -> None:
    network = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)).to(dtype)
    assert weight_bytes(network) == size * (3 * 4 + 4 + 4 * 4) + 8  # and a count of batches


def test_the_papers_network_costs_what_it_was_measured_to() -> None:
    with torch.device("meta"):  # counts without computing
        unet = SHAPES["adm-256"].build(torch.Generator()).requires_grad_(False)
        x = torch.zeros(1, 3, 256, 256, requires_grad=True)
        t = torch.zeros(1, dtype=torch.int64)
    reader = TapReader(unet, PAPER_BLOCKS)
    with WorkCounter() as work:
        _, taps = reader(x, t)
        forward = work.flops
        torch.autograd.grad(torch.stack([tap.sum() for tap in taps]).sum(), x)
        guided = work.flops
    with torch.no_grad(), WorkCounter() as work:
        reader.features(x, t)
    # by another counter: 2.24 T forward, 1.03 T of it behind the last tap, 3.45 T a guided step
    assert forward == pytest.approx(2.24e12, rel=0.01)
    assert forward - work.flops == pytest.approx(1.03e12, rel=0.01)
    assert guided == pytest.approx(3.45e12, rel=0.01)


@needs_packed_bf16
def test_a_packed_convolution_counts_as_any_other() -> None:
    x = torch.randn(1, 16, 8, 8, generator=seeded(0)).bfloat16().requires_grad_()
    weight = torch.randn(32, 16, 3, 3, generator=seeded(1)).bfloat16()
    there, back = pack(weight, (1, 1), x.shape)
    product = 2 * 32 * 16 * 9 * 64
    with WorkCounter() as work:
        result = packed_conv(x, there, back, None, (1, 1))
        assert work.flops == product
        torch.autograd.grad(result, x, torch.ones_like(result))
    assert work.flops == 2 * product
    with PeakBytes() as memory:
        result = packed_conv(x, there, back, None, (1, 1))
        assert memory.alive >= result.nbytes
        pack(weight, (1, 1), x.shape)
    assert memory.peak >= result.nbytes + 2 * weight.nbytes
