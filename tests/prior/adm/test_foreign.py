"""Other projects' checkpoints: each is called what it is, with something that can be done."""

from __future__ import annotations

import pickle
import sys
import types
from pathlib import Path
from typing import Any

import pytest
import torch

from adm_network import AdmNetwork
from pixelguide.errors import InputError, SafetyError
from pixelguide.prior.adm.convert import convert_adm
from pixelguide.prior.adm.foreign import refuse_foreign

W = torch.zeros(2, 3, 3, 3)
CHECKPOINTS: dict[str, tuple[Any, str]] = {
    "lucidrains": (
        {"step": 7, "model": {"model.init_conv.weight": W}, "opt": {}, "version": "2.0"},
        r"denoising-diffusion-pytorch \(lucidrains\).*train prior",
    ),
    "lucidrains, averaged": (
        {"ema": {"initted": torch.ones(1), "ema_model.model.init_conv.weight": W}},
        "lucidrains",
    ),
    "LDM": (
        {"state_dict": {"model.diffusion_model.input_blocks.0.0.weight": W}},
        "a latent diffusion checkpoint.*makes latents",
    ),
    "its first stage": ({"state_dict": {"first_stage_model.encoder.conv_in.weight": W}}, "latent"),
    "pesser": ({"temb.dense.0.weight": W, "conv_in.weight": W}, "pesser.*diffusers' convert_ddpm"),
    "ermongroup": ([{"module.temb.dense.0.weight": W}, {}], "no weights by name"),
    "EDM": ({"ema": {"model.enc.64x64_conv.weight": W}}, "an EDM network.*noise scales"),
    "score_sde": (
        {"optimizer": {}, "model": {"module.all_modules.0.weight": W}, "ema": {"decay": 0.999}},
        "a checkpoint of score_sde.*continuous times",
    ),
    "diffusers": ({"down_blocks.0.resnets.0.conv1.weight": W}, "convert diffusers FOLDER"),
    "DiT": ({"blocks.0.adaLN_modulation.1.weight": W}, "a DiT"),
    "LoRA": ({"unet.a.lora_A.weight": W}, r"an adapter \(LoRA\)"),
    "DatasetDDPM": ({"model_state_dict": {"module.layers.0.weight": W}}, "convert classifiers"),
    "packed in four bits": (
        {"input_blocks.0.0.weight": torch.zeros(8, dtype=torch.uint8).view(
            torch.float4_e2m1fn_x2)},
        "packed as torch.float4_e2m1fn_x2.*Give float32",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_it_is_called_what_it_is(tmp_path: Path, name: str) -> None:
    content, message = CHECKPOINTS[name]
    torch.save(content, tmp_path / "model.pt")
    with pytest.raises(InputError, match=message) as caught:
        convert_adm(tmp_path / "model.pt", tmp_path / "out")
    assert "again" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out" / "unet").exists()


def test_what_fits_is_let_through(tmp_path: Path) -> None:
    refuse_foreign(AdmNetwork().state, "adm.pt")
    refuse_foreign({"ema": AdmNetwork().state}, "adm.pt")
    refuse_foreign(3, "adm.pt")
    looped: dict[str, Any] = {}
    looped["a"] = looped
    refuse_foreign(looped, "adm.pt")


@pytest.mark.parametrize(
    ("module", "said"),
    [
        ("torch_utils.persistence", "As EDM's and StyleGAN's pickles do"),
        ("pytorch_lightning.callbacks", "PyTorch Lightning, as LDM's are"),
        ("somewhere", "reading it could run code, model.pkl. Only tensors"),
    ],
)
def test_pickles_say_whose_they_are(
    tmp_path: Path, module: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in (module.partition(".")[0], module):
        monkeypatch.setitem(sys.modules, place, types.ModuleType(place))
    thing = type("Thing", (), {"__module__": module})
    sys.modules[module].Thing = thing  # type: ignore[attr-defined]
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(thing()))
    with pytest.raises(SafetyError, match=said):
        convert_adm(tmp_path / "model.pkl", tmp_path / "out")
