"""The comparison of trainings, as far as it goes without the authors' code."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from benchmarks import against_authors_training as benchmark
from benchmarks.authors import NEEDED
from benchmarks.authors_training import SCRIPT, Spent, iterations
from conftest import seeded
from pixelguide.segment.classifier import ClassifierBank
from pixelguide.segment.plan import ClassifierTraining

TIMESTEPS = (10, 200, 400)


def known(seed: int) -> benchmark.Extracted:
    """Three classes that one of three inputs tells apart, the noisier the later."""
    generator = seeded(seed)
    labels = torch.randint(3, (600,), generator=generator)
    clean = torch.nn.functional.one_hot(labels, 3).float()
    features = {
        t: (clean + t / 2000 * torch.randn(clean.shape, generator=generator)).half()
        for t in TIMESTEPS
    }
    return benchmark.Extracted(labels, features)


def test_a_clone_without_their_script_is_named_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in NEEDED:
        (tmp_path / "torch" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "torch" / name).touch()
    monkeypatch.setattr("sys.argv", ["against_authors_training", "--theirs", str(tmp_path)])
    assert benchmark.main() == 2
    assert SCRIPT in capsys.readouterr().err.replace("\n", "")


def test_iterations_are_read_from_what_their_script_says() -> None:
    assert iterations("Epoch: 4\n*** Break, Total iters, 5171 , at epoch 4 ***\nsave to: x") == 5171
    assert iterations("Epoch: 99\nsave to: x") == 0


def test_mixed_features_are_of_each_timestep_in_equal_parts() -> None:
    given = known(0)
    mixed = given.mixed_features(TIMESTEPS)
    found = torch.stack([(mixed == given.features((t,))).all(1) for t in TIMESTEPS])
    assert found.any(0).all()
    assert found.sum(1).tolist() == [200, 200, 200]


def test_features_stay_as_they_were_when_a_trainer_changes_them() -> None:
    given = known(0)
    before = given.features((10,)).clone()
    given.features((10,)).zero_()
    assert torch.equal(given.features((10,)), before)


def test_our_guide_learns_what_can_be_told_apart() -> None:
    settings = ClassifierTraining(
        batch_size=64, iterations=100, tuning=30, learning_rate=0.02, together=2
    )
    guide = ClassifierBank(3, [[t] for t in TIMESTEPS], [0], [3])
    benchmark.train_guide(guide, known(0), settings)
    new = known(1)
    for k, t in enumerate(TIMESTEPS):
        logits = benchmark.alone(guide, k)(new.features((t,)).float()[None])[0]
        assert benchmark.correct(logits, new.labels) > 0.95


def test_one_member_alone_says_what_it_says_in_the_bank() -> None:
    guide = ClassifierBank(3, [[t] for t in TIMESTEPS], [0], [3]).eval()
    for k in range(3):
        guide.initialize(k, seeded(k))
    features = torch.randn(5, 3, generator=seeded(9))
    for k, logits in enumerate(guide(features.expand(3, -1, -1))):
        torch.testing.assert_close(benchmark.alone(guide, k)(features[None])[0], logits)


def test_the_ratio_is_of_as_many_runs_of_theirs() -> None:
    ratio = benchmark.ratios(Spent(wall=20, cpu=10), Spent(wall=50, cpu=20), 50)
    assert ratio == {"wall": 20, "cpu": 25}
