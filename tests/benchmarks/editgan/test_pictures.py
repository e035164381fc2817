"""Pictures in memory."""

from __future__ import annotations

import torch

from benchmarks.editgan.pictures import DecodedPictures
from pixelguide.prior.pictures import PictureFolder


def test_they_are_those_of_the_folder(
    picture_folder: PictureFolder, pictures: DecodedPictures
) -> None:
    assert len(pictures) == len(picture_folder)
    chosen = [3, 0, 3]
    plain = picture_folder.batch(chosen)
    assert torch.equal(pictures.batch(torch.tensor(chosen)), plain)
    mirrored = pictures.batch(torch.tensor(chosen), torch.tensor([False, True, True]))
    assert torch.equal(mirrored[0], plain[0])
    assert torch.equal(mirrored[1:], plain[1:].flip(-1))
