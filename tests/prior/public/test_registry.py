"""The known public models: safe to fetch, apart from each other on disk, found when pulled."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pixelguide.errors import InputError, SafetyError
from pixelguide.prior.bundle import ModelFolder, built_in_models, locate
from pixelguide.prior.public.addresses import check_address
from pixelguide.prior.public.registry import REGISTRY, Entry, find

ENTRIES = pytest.mark.parametrize("entry", REGISTRY.values(), ids=lambda entry: entry.name)


def test_what_the_papers_used_is_known() -> None:
    assert {
        "ffhq", "lsun-cat", "lsun-horse", "lsun-bedroom", "datasetddpm", "ffhq-gmulti",
        "ffhq-gt-750", "google/ddpm-celebahq-256", "google/ddpm-ema-celebahq-256",
        "google/ddpm-cat-256", "google/ddpm-bedroom-256", "google/ddpm-church-256",
    } == set(REGISTRY)  # fmt: skip


@ENTRIES
def test_an_entry_can_be_fetched(entry: Entry) -> None:
    if entry.kind == "hub":
        assert re.fullmatch(r"[\w-]+/[\w-]+", entry.source)
        assert entry.name == entry.source
    else:
        check_address(entry.source)
        assert entry.source.startswith("https://")
        assert re.fullmatch(r"[\w-]+\.(pt|tar\.gz|zip)", entry.file)
    assert entry.about
    assert entry.licence


@ENTRIES
def test_an_entry_stays_in_the_home(entry: Entry, home: Path) -> None:
    assert entry.folder.parent.parent == home
    assert entry.download.parent == home / "downloads"


def test_no_two_share_a_place_or_hide_what_is_built_in(home: Path) -> None:
    for places in ("folder", "download"):
        assert len({getattr(entry, places) for entry in REGISTRY.values()}) == len(REGISTRY)
    assert not set(REGISTRY) & set(built_in_models())


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"'fhq' cannot be pulled.*ffhq, lsun-cat"):
        find("fhq")


# Finding what was pulled


@pytest.mark.parametrize("name", ["ffhq", "google/ddpm-cat-256"])
def test_a_pulled_model_is_found_by_its_name(home: Path, model_folder: Path, name: str) -> None:
    with pytest.raises(InputError, match=f"not here.*pixelguide models pull {name}`"):
        locate(name)
    find(name).folder.parent.mkdir(parents=True)
    model_folder.rename(find(name).folder)
    assert locate(name) == find(name).folder
    assert ModelFolder.open(name).unet().config.sample_size == 16


def test_a_folder_of_that_name_serves_until_it_is_pulled(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ffhq").mkdir()
    assert locate("ffhq") == Path("ffhq")
    find("ffhq").folder.mkdir(parents=True)
    assert locate("ffhq") == find("ffhq").folder
    assert locate(Path("ffhq")) == Path("ffhq")


def test_data_is_no_model(home: Path) -> None:
    find("datasetddpm").folder.mkdir(parents=True)
    with pytest.raises(InputError, match="'datasetddpm' is data, not a model"):
        locate("datasetddpm")


@pytest.mark.parametrize("name", ["../models/ffhq", "models/ffhq", "google--ddpm-cat-256"])
def test_only_names_are_looked_up_in_the_home(home: Path, name: str) -> None:
    for known in ("ffhq", "google/ddpm-cat-256"):
        find(known).folder.mkdir(parents=True)
    with pytest.raises((InputError, SafetyError), match=r"no model.*pixelguide models pull ffhq"):
        locate(name)
