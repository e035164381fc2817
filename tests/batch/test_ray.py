"""A batch's files do not depend on who made them: one process, or workers on Ray."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from pixelguide.batch.batch_edit import BatchEdit
from pixelguide.batch.run import BatchSettings, run_batch
from pixelguide.batch.worker import OpenEditWorker, open_edit_worker
from pixelguide.images import save_png
from pixelguide.labels import LabelMap
from pixelguide.prior.kernels.options import DEFAULT_OPTIONS
from pixelguide.workers.local_pool import LocalPool
from pixelguide.workers.ray_pool import RayPlace, RayPool
from pixelguide.workers.task import Pool


@pytest.mark.parametrize("workers", [2, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 4))])
def test_the_same_bytes(
    tmp_path: Path, category: Path, picture: NDArray[np.uint8], target: LabelMap, workers: int
) -> None:
    pytest.importorskip("ray")
    target.save(tmp_path / "map.png")
    edits = []
    for k in range(6):
        save_png(tmp_path / f"{k}.png", np.roll(picture, k, 1))
        edits.append(BatchEdit(image=tmp_path / f"{k}.png", map=tmp_path / "map.png"))
    (tmp_path / "5.png").write_bytes(b"none")
    quick = {"num_images": 2, "num_inference_steps": 3, "start_timestep": 300}
    opened = open_edit_worker(category, "cpu", DEFAULT_OPTIONS, elsewhere=False)

    def files(out: Path, pool: Pool) -> dict[str, bytes]:
        result = run_batch(edits, out, BatchSettings(opened.parts.model, quick), pool)
        assert (result.made, len(result.failures)) == (5, 1)
        return {
            str(path.relative_to(out)): path.read_bytes()
            for path in out.rglob("*")
            if path.is_file() and path.name not in ("log.jsonl", ".lock")
        }

    sent = OpenEditWorker(opened.parts)
    with_ray = files(tmp_path / "ray", RayPool(sent, RayPlace(workers=workers, threads=1)))
    assert torch.get_num_threads() == 1
    assert with_ray == files(tmp_path / "plain", LocalPool(opened))
