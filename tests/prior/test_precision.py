from __future__ import annotations

import pytest
import torch

from pixelguide.errors import InputError
from pixelguide.prior import precision
from pixelguide.prior.precision import precision_note, training_precision

CPU = torch.device("cpu")


@pytest.mark.parametrize(("native", "chosen"), [(True, "bf16"), (False, "no")])
def test_auto_is_what_the_processor_multiplies(
    monkeypatch: pytest.MonkeyPatch, native: bool, chosen: str
) -> None:
    monkeypatch.setattr(precision, "multiplies_bf16", lambda _device: native)
    assert training_precision("auto", CPU) == chosen
    assert [training_precision(wanted, CPU) for wanted in ("no", "bf16", "fp16")] == [
        "no",
        "bf16",
        "fp16",
    ]
    notes = [precision_note(wanted, CPU) for wanted in ("no", "bf16", "fp16")]
    assert [note is not None for note in notes] == [False, not native, False]


def test_the_processor_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for amx, avx512 in ((False, False), (False, True), (True, False)):
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda amx=amx: amx)
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda has=avx512: has)
        assert precision.multiplies_bf16(CPU) == (amx or avx512)


def test_other_words_are_refused() -> None:
    with pytest.raises(InputError, match=r"fp7.*no, bf16, fp16 or auto"):
        training_precision("fp7", CPU)
