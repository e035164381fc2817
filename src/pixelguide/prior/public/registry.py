"""Public models and data that can be pulled by name."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pixelguide.errors import InputError
from pixelguide.prior.public.home import home

Kind = Literal["adm", "hub", "data", "classifiers"]
MODEL_KINDS: tuple[Kind, ...] = ("adm", "hub")
"""The kinds that become a model folder; the others are unpacked as they are."""

GB = 10**9


@dataclass(frozen=True)
class Entry:
    """Something public that `pixelguide models pull` knows how to fetch.

    kind: "adm", a checkpoint of guided-diffusion; "hub", a repository in diffusers' layout; "data",
    labelled pictures; "classifiers", the authors' pixel classifiers. size: side of the pictures in
    pixels. source: an address, or a repository on the hub. file: what a download is called here,
    whatever the server calls it. limit: bytes beyond which a download or what is in it cannot be
    right. licence: as far as its source states one. revision: of a repository, "" for the newest.
    """

    name: str
    kind: Kind
    size: int
    about: str
    source: str
    licence: str
    file: str = ""
    limit: int = 4 * GB
    revision: str = ""

    @property
    def is_model(self) -> bool:
        """Whether a pull makes a model folder."""
        return self.kind in MODEL_KINDS

    @property
    def folder(self) -> Path:
        """Where a pull puts it unless told otherwise."""
        group = "models" if self.is_model else self.kind
        return home() / group / self.slug

    @property
    def download(self) -> Path:
        """The file (a folder for a hub repository) that a pull reads from."""
        return home() / "downloads" / (self.file or self.slug)

    @property
    def slug(self) -> str:
        """The name as one part of a path."""
        return self.name.replace("/", "--")


def _entries() -> tuple[Entry, ...]:
    yandex = "https://storage.yandexcloud.net/yandex-research/ddpm-segmentation"
    openai = "https://openaipublic.blob.core.windows.net/diffusion/jul-2021"
    nnabla = (
        "https://nnabla.org/pretrained-models/nnabla-examples/diffusion-models/ADM_FFHQ_256"
        "/datasetddpm/torch"
    )
    unstated = "not stated with the file"
    return (
        Entry(
            "ffhq", "adm", 256, "faces (FFHQ), ADM of ddpm-segmentation, 553 M parameters",
            f"{yandex}/models/ddpm_checkpoints/ffhq.pt",
            "MIT (code); FFHQ itself is CC BY-NC-SA 4.0", "ffhq.pt",
        ),
        *(
            Entry(
                f"lsun-{what}", "adm", 256,
                f"{what}s (LSUN), ADM of guided-diffusion, 553 M parameters",
                f"{openai}/lsun_{what}.pt",
                "MIT (code); model card: for research only", f"lsun_{what}.pt",
            )
            for what in ("cat", "horse", "bedroom")
        ),
        *(
            Entry(
                f"google/ddpm-{what}-256", "hub", 256, f"{about}, DDPM (Ho et al. 2020)",
                f"google/ddpm-{what}-256", "Apache-2.0",
            )
            for what, about in (
                ("celebahq", "faces (CelebA-HQ)"),
                ("ema-celebahq", "faces (CelebA-HQ), averaged weights"),
                ("cat", "cats (LSUN)"),
                ("bedroom", "bedrooms (LSUN)"),
                ("church", "churches (LSUN)"),
            )
        ),
        Entry(
            "datasetddpm", "data", 256, "labelled pictures of ddpm-segmentation, six categories",
            f"{yandex}/datasets.tar.gz", "MIT (code)", "datasets.tar.gz", 2 * GB,
        ),
        Entry(
            "ffhq-gmulti", "classifiers", 256, "the paper's f_multi for ffhq",
            f"{nnabla}/ffhq_gmulti.zip", unstated, "ffhq_gmulti.zip",
        ),
        Entry(
            "ffhq-gt-750", "classifiers", 256, "the paper's guiding classifiers C_t for ffhq",
            f"{nnabla}/ffhq_gt_750.zip", unstated, "ffhq_gt_750.zip",
        ),
    )  # fmt: skip


REGISTRY: dict[str, Entry] = {entry.name: entry for entry in _entries()}


def find(name: str, revision: str = "") -> Entry:
    """The entry of this name; for OWNER/NAME, any repository of the hub. One of a revision is
    called OWNER/NAME@REVISION.

    Raises InputError naming the known ones for anything else, and for a revision of what has none
    or that cannot be one.
    """
    if revision:
        entry = find(name)
        if entry.kind != "hub" or not re.fullmatch(r"\w(?:[\w./-]*\w)?", revision, re.ASCII):
            raise InputError(
                f"revision '{revision:.80}' of '{name}'",
                hint="Give a branch, tag or commit of a repository of the hub.",
            )
        return replace(entry, name=f"{name}@{revision}", revision=revision)
    if name in REGISTRY:
        return REGISTRY[name]
    if is_hub_id(name):
        return Entry(name, "hub", 0, "a model of the hub", name, "see its page on the hub")
    raise InputError(
        f"'{name}' cannot be pulled",
        hint=f"Known: {', '.join(REGISTRY)}; or OWNER/NAME of the hub.",
    )


def is_hub_id(name: str) -> bool:
    """Whether `name` has the form OWNER/NAME of the hub's repositories."""
    part = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,95}[A-Za-z0-9])?"
    return bool(re.fullmatch(f"{part}/{part}", name)) and "--" not in name and ".." not in name


def others_pulled() -> list[Entry]:
    """Models of the hub that were pulled and are not in the registry."""
    folder = home() / "models"
    names = sorted(path.name.replace("--", "/") for path in folder.glob("*--*") if path.is_dir())
    return [find(name) for name in names if is_hub_id(name) and name not in REGISTRY]
