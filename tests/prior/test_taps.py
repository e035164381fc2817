"""Decoder activations: which they are, whether they are right, and what stays behind."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch
from diffusers import UNet2DModel
from torch import Tensor, nn

from conftest import seeded, wake
from pixelguide.errors import InputError
from pixelguide.prior.architecture import Architecture
from pixelguide.prior.taps import Tap, TapReader, default_taps, list_taps, named_taps

KINDS: dict[str, dict[str, Any]] = {
    # as pixelguide trains them
    "own": {
        "down_block_types": ("DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"),
        "up_block_types": ("AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D"),
        "layers_per_block": 1,
        "downsample_type": "resnet",
        "upsample_type": "resnet",
        "resnet_time_scale_shift": "scale_shift",
    },
    # as a converted ADM
    "adm": {
        "down_block_types": (
            "ResnetDownsampleBlock2D",
            "ResnetDownsampleBlock2D",
            "AttnDownBlock2D",
        ),
        "up_block_types": ("AttnUpBlock2D", "ResnetUpsampleBlock2D", "ResnetUpsampleBlock2D"),
        "layers_per_block": 2,
        "downsample_type": "resnet",
        "upsample_type": "resnet",
        "resnet_time_scale_shift": "scale_shift",
    },
    # as google/ddpm-celebahq-256
    "ddpm": {
        "down_block_types": ("DownBlock2D", "AttnDownBlock2D", "DownBlock2D"),
        "up_block_types": ("UpBlock2D", "AttnUpBlock2D", "UpBlock2D"),
        "layers_per_block": 2,
    },
}


@pytest.fixture(params=KINDS, scope="module")
def unet(request: pytest.FixtureRequest) -> UNet2DModel:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        unet = UNet2DModel(
            sample_size=16,
            out_channels=6,
            block_out_channels=(8, 16, 24),
            attention_head_dim=8,
            norm_num_groups=4,
            **KINDS[request.param],
        )
    return unet.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def inputs() -> tuple[Tensor, Tensor]:
    return torch.randn(2, 3, 16, 16, generator=seeded(0)), torch.tensor([3, 700])


def _by_hand(unet: UNet2DModel, x_t: Tensor, t: Tensor) -> tuple[Tensor, list[Tensor]]:
    """The network layer by layer: its output, and what leaves every decoder block as ADM counts."""
    emb = unet.time_embedding(unet.time_proj(t))
    hidden = unet.conv_in(x_t)
    skips = [hidden]
    for block in unet.down_blocks:
        hidden, own = block(hidden, temb=emb)
        skips += own
    hidden = unet.mid_block(hidden, emb)
    leaving = []
    for block in unet.up_blocks:
        for k, resnet in enumerate(block.resnets):
            hidden = resnet(torch.cat([hidden, skips.pop()], 1), emb)
            if hasattr(block, "attentions"):
                hidden = block.attentions[k](hidden)
            if k == len(block.resnets) - 1 and block.upsamplers is not None:
                upsampler = block.upsamplers[0]
                takes_t = type(upsampler).__name__ == "ResnetBlock2D"
                hidden = upsampler(hidden, emb) if takes_t else upsampler(hidden)
            leaving.append(hidden)
    return unet.conv_out(unet.conv_act(unet.conv_norm_out(hidden))), leaving


# Which


def test_taps_of_the_256_pixel_adm() -> None:
    # The network of the paper. The widths and sizes of blocks 5, 6, 7, 8, 12 are those that
    # DatasetDDPM (Baranchuk et al. 2021) reports: 2816 channels together.
    with torch.device("meta"):
        unet = UNet2DModel(
            sample_size=256,
            out_channels=6,
            block_out_channels=(256, 256, 512, 512, 1024, 1024),
            layers_per_block=2,
            down_block_types=("ResnetDownsampleBlock2D",) * 3 + ("AttnDownBlock2D",) * 3,
            up_block_types=("AttnUpBlock2D",) * 3 + ("ResnetUpsampleBlock2D",) * 3,
            downsample_type="resnet",
            upsample_type="resnet",
            attention_head_dim=64,
        )
    taps = list_taps(unet)
    assert [tap.index for tap in taps] == list(range(18))
    chosen = [taps[index] for index in default_taps(unet)]
    assert [tap.index for tap in chosen] == [5, 6, 7, 8, 12]
    assert [tap.channels for tap in chosen] == [1024, 512, 512, 512, 256]
    assert [256 // tap.stride for tap in chosen] == [32, 32, 32, 64, 128]


def test_default_taps_of_a_small_network_resolve_the_parts_of_a_picture() -> None:
    with torch.device("meta"):
        unet = Architecture(size=64, channels=(16, 32, 64, 128)).build(torch.Generator("cpu"))
    taps = list_taps(unet)
    assert [tap.stride for tap in taps] == [8, 4, 4, 2, 2, 1, 1, 1]
    assert default_taps(unet) == (1, 2, 3, 4, 5, 6, 7)


@pytest.mark.parametrize(
    ("levels", "layers", "chosen"),
    [
        (4, 3, (4, 5, 6, 7, 11)),  # ADM for 64 pixels, of 16 blocks
        (5, 2, (4, 5, 6, 7, 10)),  # for 128, of 15
        (6, 2, (5, 6, 7, 8, 12)),  # google/ddpm-celebahq-256, of 18
        (7, 2, (6, 7, 8, 9, 14)),  # for 512, of 21
    ],
)
def test_default_taps_keep_the_papers_relative_depth(
    levels: int, layers: int, chosen: tuple[int, ...]
) -> None:
    with torch.device("meta"):
        unet = UNet2DModel(
            sample_size=64,
            block_out_channels=(8,) * levels,
            layers_per_block=layers,
            down_block_types=("DownBlock2D",) * levels,
            up_block_types=("UpBlock2D",) * levels,
            attention_head_dim=8,
            norm_num_groups=4,
        )
    assert default_taps(unet) == chosen


def test_taps_go_by_number_or_name(tiny_unet: UNet2DModel) -> None:
    assert named_taps(tiny_unet, ["3", "block0_1/2", "0"]) == (0, 3)
    with pytest.raises(InputError, match=r"no decoder block 'block0_1/4'.*from 0 to 3"):
        named_taps(tiny_unet, ["0", "block0_1/4"])


def test_name_says_block_and_resolution() -> None:
    assert Tap(5, 1024, 8).name == "block5_1/8"


def test_taps_match_what_is_read(unet: UNet2DModel, inputs: tuple[Tensor, Tensor]) -> None:
    taps = list_taps(unet)
    _, read = TapReader(unet, range(len(taps)))(*inputs)
    assert [tuple(a.shape) for a in read] == [
        (2, tap.channels, 16 // tap.stride, 16 // tap.stride) for tap in taps
    ]


@pytest.mark.parametrize("indices", [[99], [-1], [0, 1, 9]])
def test_unknown_block_is_refused(indices: list[int]) -> None:
    with torch.device("meta"):
        unet = Architecture(size=16, channels=(16, 16), head_channels=16).build(
            torch.Generator("cpu")
        )
    with pytest.raises(InputError, match=r"no decoder block (99|-1|9).*Blocks run from 0 to 3"):
        TapReader(unet, indices)


# What


def test_output_and_activations_are_the_networks_own(
    unet: UNet2DModel, inputs: tuple[Tensor, Tensor]
) -> None:
    expected_output, expected = _by_hand(unet, *inputs)
    output, read = TapReader(unet, range(len(expected)))(*inputs)
    assert torch.equal(output, expected_output)
    assert torch.equal(output, unet(*inputs).sample)
    for ours, theirs in zip(read, expected, strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize("indices", [[0], [4, 1], [2, 2, 5], [5]])
def test_early_exit_reads_the_same_in_the_order_of_the_decoder(
    unet: UNet2DModel, inputs: tuple[Tensor, Tensor], indices: list[int]
) -> None:
    reader = TapReader(unet, indices)
    assert [tap.index for tap in reader.taps] == sorted(set(indices))
    _, expected = _by_hand(unet, *inputs)
    read = reader.features(*inputs)
    assert len(read) == len(set(indices))
    for ours, index in zip(read, sorted(set(indices)), strict=True):
        assert torch.equal(ours, expected[index])


@pytest.fixture
def calls(unet: UNet2DModel) -> Iterator[list[nn.Module]]:
    """Every module in the order in which it is entered."""
    entered: list[nn.Module] = []
    handles = [
        module.register_forward_pre_hook(lambda own, _: entered.append(own))
        for module in unet.modules()
    ]
    yield entered
    for handle in handles:
        handle.remove()


def test_early_exit_runs_nothing_behind_its_last_tap(
    unet: UNet2DModel, inputs: tuple[Tensor, Tensor], calls: list[nn.Module]
) -> None:
    reader = TapReader(unet, [0, 1])
    reader.features(*inputs)
    assert unet.conv_in in calls
    assert unet.up_blocks[0].resnets[0] in calls
    for behind in (unet.up_blocks[-1].resnets[0], unet.conv_norm_out, unet.conv_out):
        assert behind not in calls
    reader(*inputs)
    assert unet.conv_out in calls


def test_activations_carry_gradients(unet: UNet2DModel, inputs: tuple[Tensor, Tensor]) -> None:
    x_t = inputs[0].clone().requires_grad_()
    reader = TapReader(unet, [1, 3])
    for read in (reader(x_t, inputs[1])[1], reader.features(x_t, inputs[1])):
        (gradient,) = torch.autograd.grad(sum(a.square().sum() for a in read), x_t)
        assert gradient.flatten(1).any(1).all()


# What stays


def test_a_failed_pass_leaves_nothing_behind(
    unet: UNet2DModel, inputs: tuple[Tensor, Tensor]
) -> None:
    reader = TapReader(unet, [0, 2])
    expected = reader(*inputs)[0]
    for run in (reader, reader.features):
        with pytest.raises(RuntimeError):
            run(inputs[0][:, :2], inputs[1])  # two channels instead of three
    assert torch.equal(reader(*inputs)[0], expected)


def test_threads_do_not_disturb_each_other(
    unet: UNet2DModel, inputs: tuple[Tensor, Tensor]
) -> None:
    reader = TapReader(unet, [0, 2, 5])
    expected = reader.features(*inputs)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: reader.features(*inputs), range(40)):
            assert len(found) == 3
            for ours, theirs in zip(found, expected, strict=True):
                torch.testing.assert_close(ours, theirs)


def test_hooks_of_others_run(unet: UNet2DModel, inputs: tuple[Tensor, Tensor]) -> None:
    seen: list[int] = []
    handle = unet.up_blocks[0].resnets[0].register_forward_hook(lambda *_: seen.append(1))
    TapReader(unet, [0, 5]).features(*inputs)
    handle.remove()
    assert seen == [1]


def test_readers_of_one_network_do_not_disturb_each_other(tiny_unet: UNet2DModel) -> None:
    x_t, t = torch.randn(1, 3, 16, 16, generator=seeded(1)), torch.tensor([5])
    first, second = TapReader(tiny_unet, [0]), TapReader(tiny_unet, [3])
    before = first.features(x_t, t)
    second(x_t, t)
    assert torch.equal(first.features(x_t, t)[0], before[0])


def test_wake_makes_the_fixture_a_network_that_answers() -> None:
    unet = Architecture(size=16, channels=(16, 32), attention_levels=1, head_channels=16).build(
        seeded(1)
    )
    x_t, t = torch.randn(1, 3, 16, 16, generator=seeded(1)), torch.tensor([5])
    assert not unet(x_t, t).sample.any()
    wake(unet, 2)
    assert unet(x_t, t).sample.all()


def test_nothing_is_kept_behind_the_last_tap(
    unet: UNet2DModel, inputs: tuple[Tensor, Tensor]
) -> None:
    x_t = inputs[0].clone().requires_grad_()
    output, read = TapReader(unet, [1, 3])(x_t, inputs[1])
    assert all(tap.requires_grad for tap in read)
    assert not output.requires_grad
    assert torch.is_grad_enabled()
    assert torch.equal(output, unet(*inputs).sample)
