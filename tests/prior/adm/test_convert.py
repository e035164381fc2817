"""From a checkpoint's file to a model folder, which is whole or does not load."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import torch
from diffusers import DDPMPipeline, UNet2DModel

from adm_network import AdmNetwork
from conftest import seeded
from pixelguide.errors import InputError, PixelguideError
from pixelguide.prior import manifest
from pixelguide.prior.adm.convert import convert_adm
from pixelguide.prior.adm.shapes import AdmSettings
from pixelguide.prior.bundle import WEIGHTS, ModelFolder
from pixelguide.prior.denoiser import Denoiser
from pixelguide.prior.schedule import Schedule
from pixelguide.prior.taps import list_taps

SETTINGS = AdmSettings(size=16, head_channels=16)


@pytest.fixture
def network() -> AdmNetwork:
    return AdmNetwork()


@pytest.fixture
def checkpoint(tmp_path: Path, network: AdmNetwork) -> Path:
    torch.save(network.state, tmp_path / "adm.pt")
    return tmp_path / "adm.pt"


def test_converted_prior_says_what_the_original_does(
    tmp_path: Path, checkpoint: Path, network: AdmNetwork
) -> None:
    convert_adm(checkpoint, tmp_path / "model", SETTINGS)
    folder = ModelFolder.open(tmp_path / "model")
    unet = folder.unet()
    schedule = Schedule.from_scheduler(folder.scheduler())
    denoiser = Denoiser(unet, schedule, tuple(tap.index for tap in list_taps(unet)))
    x_t = torch.randn(2, 3, 16, 16, generator=seeded(1))
    output, leaving = network(x_t, torch.tensor([600, 600]))
    found = denoiser(x_t, schedule, 600)
    assert found.v is not None
    pairs = [(torch.cat([found.eps, found.v], 1), output), *zip(found.taps, leaving, strict=True)]
    for ours, theirs in pairs:
        assert (ours - theirs).norm() <= 1e-4 * theirs.norm()


def test_half_precision_is_close(tmp_path: Path, checkpoint: Path, network: AdmNetwork) -> None:
    convert_adm(checkpoint, tmp_path / "half", SETTINGS, dtype=torch.float16)
    convert_adm(checkpoint, tmp_path / "whole", SETTINGS)
    sizes = [(tmp_path / name / "unet" / WEIGHTS).stat().st_size for name in ("half", "whole")]
    assert sizes[0] < 0.6 * sizes[1]
    x_t, t = torch.randn(1, 3, 16, 16, generator=seeded(1)), torch.tensor([600])
    output = ModelFolder.open(tmp_path / "half").unet()(x_t, t).sample
    expected, _ = network(x_t, t)
    error = (output - expected).norm() / expected.norm()
    assert 1e-5 < error < 1e-2


def test_diffusers_loads_it_alone(tmp_path: Path, checkpoint: Path) -> None:
    convert_adm(checkpoint, tmp_path / "model", SETTINGS)
    pipeline = DDPMPipeline.from_pretrained(tmp_path / "model", use_safetensors=True)
    ours = ModelFolder.open(tmp_path / "model").unet().state_dict()
    assert isinstance(pipeline.unet, UNet2DModel)
    for name, value in pipeline.unet.state_dict().items():
        assert torch.equal(value, ours[name])


def test_card_says_what_was_converted_and_to_what(tmp_path: Path, checkpoint: Path) -> None:
    facts = convert_adm(checkpoint, tmp_path / "model", AdmSettings(size=16))
    card = (tmp_path / "model" / "README.md").read_text("utf-8")
    assert "`adm.pt`" in card
    assert hashlib.sha256(checkpoint.read_bytes()).hexdigest() in card
    for key, value in facts.items():
        assert f"| {key} | {value} |" in card
    assert facts["attention"] == "at 8; heads of 64 channels (assumed); legacy order of q, k, v"
    assert facts["pictures"] == "16×16 RGB"
    assert facts["variance"] == "learned"
    assert facts["weights"] == "float32"


def test_same_checkpoint_same_bytes(tmp_path: Path, checkpoint: Path) -> None:
    for name in ("a", "b"):
        convert_adm(checkpoint, tmp_path / name, SETTINGS)
    first, second = (ModelFolder.open(tmp_path / name) for name in ("a", "b"))
    assert first.hashes == second.hashes


def test_progress_ends_at_its_total(tmp_path: Path, checkpoint: Path, network: AdmNetwork) -> None:
    reports: list[dict[str, int]] = []
    convert_adm(checkpoint, tmp_path / "model", SETTINGS, on_progress=reports.append)
    assert [report["done"] for report in reports] == list(range(reports[0]["total"] + 1))
    assert reports[0]["total"] > len(network.state)  # q, k and v apart


# What fails changes nothing, or leaves what does not load


def test_refused_values_leave_the_earlier_model(
    tmp_path: Path, checkpoint: Path, network: AdmNetwork
) -> None:
    convert_adm(checkpoint, tmp_path / "model", SETTINGS)
    before = ModelFolder.open(tmp_path / "model").hashes
    network.state["out.2.bias"][0] = torch.nan
    torch.save(network.state, checkpoint)
    with pytest.raises(InputError, match=r"'out\.2\.bias' holds values.*, adm\.pt"):
        convert_adm(checkpoint, tmp_path / "model", SETTINGS)
    assert ModelFolder.open(tmp_path / "model").hashes == before


def _load(path: Path) -> None:
    folder = ModelFolder.open(path)
    folder.unet()
    folder.scheduler()


@pytest.mark.parametrize("earlier", [True, False])
@pytest.mark.parametrize("written", range(5))
def test_killed_on_the_way_it_does_not_load(
    tmp_path: Path,
    checkpoint: Path,
    network: AdmNetwork,
    monkeypatch: pytest.MonkeyPatch,
    written: int,
    earlier: bool,
) -> None:
    out, count, write = tmp_path / "model", 0, manifest.write_atomically
    if earlier:
        convert_adm(checkpoint, out, SETTINGS)
        network.state["out.2.bias"] += 1
        torch.save(network.state, checkpoint)

    def killed(path: Path, content: object) -> None:
        nonlocal count
        count += 1
        if count > written:
            raise KeyboardInterrupt
        write(path, content)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(manifest, "write_atomically", killed)
        with pytest.raises(KeyboardInterrupt):
            convert_adm(checkpoint, out, SETTINGS)
    if earlier and not written:
        _load(out)  # nothing has changed yet
    elif written < 4 or earlier:  # else only the card and the manifest are missing
        with pytest.raises(PixelguideError):
            _load(out)
    convert_adm(checkpoint, out, SETTINGS)  # and a repeated conversion repairs it
    assert ModelFolder.open(out).unet().conv_out.bias[0] == network.state["out.2.bias"][0]


@pytest.mark.parametrize("part", ["segmenter", "guide"])
def test_folder_with_classifiers_is_refused(tmp_path: Path, checkpoint: Path, part: str) -> None:
    (tmp_path / "model" / part).mkdir(parents=True)
    with pytest.raises(InputError, match="classifiers of another prior"):
        convert_adm(checkpoint, tmp_path / "model", SETTINGS)
