"""`pull`: from the name of something public to a folder here, verified and converted."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from pixelguide.errors import InputError, ResourceError, SafetyError
from pixelguide.files import check_writable, from_os_error, sync_folder
from pixelguide.prior.public.archives import unpack
from pixelguide.prior.public.download import KEPT, download, has_arrived
from pixelguide.prior.public.home import home, is_offline
from pixelguide.prior.public.hub import (
    Hub,
    HuggingFaceHub,
    check_chosen,
    choose_files,
    convert_hub,
    known_files,
)
from pixelguide.prior.public.known_hashes import Fingerprint, KnownHashes
from pixelguide.prior.public.registry import Entry, find

Progress = Callable[[dict[str, Any]], None]

EXPECTED = {
    "data": (".png", ".jpg", ".jpeg", ".npy", ".json", ".txt"),
    "classifiers": (".pth", ".json", ".txt"),
}
"""What may be unpacked, by the kind of entry."""


@dataclass(frozen=True)
class Pulled:
    """Where something pulled lies. fresh: by this call; first: nothing was known of it before.

    left_out: members of an archive that were not unpacked.
    """

    entry: Entry
    path: Path
    fingerprint: Fingerprint | None
    fresh: bool = True
    first: bool = False
    left_out: tuple[str, ...] = ()


def known_hashes() -> KnownHashes:
    """The fingerprints that this user's pulls are checked against."""
    return KnownHashes(home() / "known_hashes.json")


def pull(
    name: str,
    to: Path | None = None,
    *,
    offline: bool = False,
    keep_download: bool = False,
    accept_new: bool = False,
    revision: str = "",
    on_progress: Progress | None = None,
    hub: Hub | None = None,
) -> Pulled:
    """Fetch `name` and make its folder, `to` or where `locate` finds it.

    name: of the registry, or OWNER/NAME of the hub. What is there already stays. The first pull
    records the SHA-256 of what came, later ones are refused if it differs; accept_new: fetch again
    and record that instead. offline: use only a file that was put in place by hand or kept by
    keep_download. revision: a branch, tag or commit of the hub's repository, which has a folder and
    a record of its own. The folder appears when it is complete; processes that pull the same name
    take turns.

    Raises InputError, SafetyError and ResourceError as `download`, `unpack` and the converters do,
    SafetyError if what came is not what came first, and InputError offline with nothing to use.
    """
    entry = find(name, revision)
    name = entry.name
    folder = to or entry.folder
    offline = offline or is_offline()
    for place in (folder.parent, home()):
        check_writable(place)
    with _turn(entry, on_progress):
        known = known_hashes()
        if to is None and folder.is_dir() and not accept_new:
            return Pulled(entry, folder, known.get(name), fresh=False)
        if to is not None and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise InputError("not an empty folder", str(folder), "Choose another for --to.")
        before = None if accept_new else known.get(name)
        if accept_new and not offline and entry.kind != "hub":
            _remove(entry.download)
        try:
            found = _obtain(entry, before, offline, on_progress, hub or HuggingFaceHub())
        except ResourceError as error:
            if error.hint != KEPT or _has_begun(entry):
                raise
            elsewhere = f"Nothing came: repeat the command, or: {_by_hand(entry)}"
            raise ResourceError(error.what, error.where, elsewhere) from None
        if not accept_new:
            try:
                known.check(name, found)
            except SafetyError:
                if not offline:  # the next attempt is to start from nothing
                    _remove(entry.download)
                raise
        try:
            left_out = _arrive(entry, folder, on_progress)
        except (InputError, SafetyError):
            if before is None and not offline:  # never seen sound: the download itself may be wrong
                _remove(entry.download)
            raise
        known.record(name, found)
        if not keep_download:
            _remove(entry.download)
    return Pulled(entry, folder, found, first=before is None, left_out=tuple(left_out))


def _obtain(
    entry: Entry, before: Fingerprint | None, offline: bool, on_progress: Progress | None, hub: Hub
) -> Fingerprint:
    """Make `entry.download` be there; gives what is in it."""
    place = entry.download
    if entry.kind != "hub":
        if not place.exists():
            if offline:
                raise _nothing_here(entry)
            download(entry.source, place, limit=entry.limit, on_progress=on_progress)
        return Fingerprint.of(entry.source, place.parent, [entry.file])
    if offline:
        present = known_files(place)
        if not present:
            raise _nothing_here(entry)
        commit = before.revision if before else ""
    else:
        commit, listed = hub.look_up(entry.source, before.revision if before else entry.revision)
        present = list(choose_files(listed, entry.source).values())
        # what is no prior is known by small files, before gigabytes are fetched
        small = [name for name in present if name.endswith(".json")]
        hub.fetch(entry.source, commit, small, place, None)
        _check_arrived(place, small)
        check_chosen(place)
        hub.fetch(entry.source, commit, present, place, on_progress)
    names = choose_files(present, entry.source).values()
    _check_arrived(place, names)
    return Fingerprint.of(entry.source, place, names, commit)


def _check_arrived(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        if not (folder / name).is_file():
            raise ResourceError("not all of it came", name, "Repeat the command.")


def _arrive(entry: Entry, folder: Path, on_progress: Progress | None) -> list[str]:
    """Convert or unpack `entry.download` into `folder`, which is replaced in one piece."""
    # The lock is by name, so no other process uses these two; a crash may have left them.
    new, old = (folder.with_name(f".{folder.name}.{entry.slug}.{end}") for end in ("new", "old"))
    left_out: list[str] = []
    try:
        for rest in (new, old):
            _remove(rest)
        new.mkdir(parents=True)
        try:
            if entry.kind == "adm":
                _convert_adm(entry.download, new, entry, on_progress)
            elif entry.kind == "hub":
                convert_hub(entry.download, new)
            else:
                left_out = unpack(entry.download, new, EXPECTED[entry.kind], entry.limit)
            if not any(new.iterdir()):
                raise InputError("nothing of use in it", entry.source, "Take another.")
            if folder.exists():
                os.replace(folder, old)
            os.replace(new, folder)
        finally:
            for rest in (new, old):
                _remove(rest)
        sync_folder(folder.parent)
    except OSError as error:
        raise from_os_error(error, folder) from None
    return left_out


def _convert_adm(
    checkpoint: Path, folder: Path, entry: Entry, on_progress: Progress | None
) -> None:
    """Write the model folder of a guided-diffusion checkpoint."""
    from pixelguide.prior.adm.convert import convert_adm
    from pixelguide.prior.adm.shapes import AdmSettings

    convert_adm(checkpoint, folder, AdmSettings(size=entry.size), on_progress=on_progress)


def _has_begun(entry: Entry) -> bool:
    """Whether a pull that was stopped has left something to go on from."""
    place = entry.download
    if entry.kind != "hub":
        return has_arrived(entry.source, place)
    return bool(known_files(place)) or any(place.rglob("*.incomplete"))


def _nothing_here(entry: Entry) -> InputError:
    """Offline with nothing to use."""
    return InputError(f"'{entry.name}' is not here, and offline", hint=_by_hand(entry))


def _by_hand(entry: Entry) -> str:
    """What to fetch on another machine, where to put it, what to do then."""
    place = entry.download
    if entry.kind == "hub":
        which = f"{entry.source} --revision {entry.revision}" if entry.revision else entry.source
        fetch = f"On a machine with a network: `hf download {which} --local-dir FOLDER`;"
        where = f"copy FOLDER to {place}"
    else:
        fetch = f"Fetch {entry.source} elsewhere,"
        where = f"put it at {place}"
    named = f"{entry.source} --revision {entry.revision}" if entry.revision else entry.name
    command = f"repeat `pixelguide models pull {named} --offline`"
    if entry.kind == "adm":
        command += f", or convert it by hand: `pixelguide convert adm {place} -o MODEL`"
    return f"{fetch} {where}, {command}."


@contextlib.contextmanager
def _turn(entry: Entry, on_progress: Progress | None) -> Iterator[None]:
    """Hold the lock of `entry`'s name, waiting for another process to be done with it."""
    path = home() / "downloads" / f"{entry.slug}.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            if on_progress:
                on_progress({"stage": "waiting for another pull", "done": 0, "total": None})
            lock.acquire()
    except OSError as error:
        raise from_os_error(error, path) from None
    try:
        yield
    finally:
        lock.release()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
