"""`--ray [ADDRESS]`: work on a Ray cluster, or by several processes of this machine."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

import typer

from pixelguide.errors import InputError

if TYPE_CHECKING:
    from pixelguide.workers.ray_pool import RayPlace

_ADDRESS = re.compile(r"local|auto|(ray://)?[\w.-]+:\d+|(ray://)?\[[0-9a-fA-F:]+\]:\d+")


@dataclass(frozen=True, kw_only=True)
class RayOptions:
    """Workers on a Ray cluster."""

    panel: ClassVar[str] = "Workers"

    ray: Annotated[
        str | None,
        typer.Option(
            metavar="[ADDRESS]",
            help="Workers on Ray (extra 'ray'): of this machine, or of the cluster at HOST:PORT or "
            "auto, whose token is in RAY_AUTH_TOKEN. Results are the same.",
        ),
    ] = None
    workers: Annotated[
        int | None, typer.Option(min=1, help="With --ray: how many; one for each GPU or core.")
    ] = None
    threads: Annotated[
        int | None, typer.Option(min=1, help="With --ray: of each worker; cores are shared out.")
    ] = None

    def place(self, gpu: bool = False) -> RayPlace | None:
        """Where the workers are; None without --ray. gpu: each has one. Raises InputError for
        another address, for options that need --ray, and where Ray is not installed."""
        if self.ray is None:
            if self.workers or self.threads:
                name = "--workers" if self.workers else "--threads"
                raise InputError(f"{name} without --ray", hint="Give both, or neither.")
            return None
        if not _ADDRESS.fullmatch(self.ray):
            raise InputError(f"--ray {self.ray}", hint="Give local, auto or HOST:PORT.")
        from pixelguide.workers.ray_pool import RayPlace, require_ray

        require_ray()  # before a model is opened
        return RayPlace(self.ray, self.workers, gpu, self.threads)


def with_ray_address(arguments: Sequence[str]) -> list[str]:
    """`arguments` in which --ray without an address is --ray=local; Typer has no options whose
    value may be left out."""

    def completed() -> Iterator[str]:
        for own, following in zip(arguments, [*arguments[1:], ""], strict=True):
            bare = own == "--ray" and not _ADDRESS.fullmatch(following)
            yield "--ray=local" if bare else own

    return list(completed())
