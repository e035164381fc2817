"""Palettes of one set of maps that disagree: some program has put one in another order."""

from __future__ import annotations

from pixelguide.label_colours import Colour
from pixelguide.label_palettes import Told
from pixelguide.label_reading import MapOrigin


class Palettes:
    """What the maps of a set that were read so far say of colours and indices.

    A palette whose colours are no class's is read by its indices, and nothing in the file alone
    tells when these have moved. Beside the others of a set it shows.
    """

    def __init__(self) -> None:
        self._first: dict[Told, str] = {}
        self._entries: dict[tuple[Told, int], tuple[Colour, str]] = {}

    def errors(self, name: str, origin: MapOrigin) -> list[str]:
        """Why the map of picture `name`, or one before it, must be wrong. To be asked once for
        each map, and before `warnings`."""
        problems = []
        self._first.setdefault(origin.told, name)
        by_colours, by_indices = self._first.get("colours"), self._first.get("indices")
        if origin.told != "values" and by_colours and by_indices:
            problems.append(
                f"{by_colours} has the classes' colours, the palette of {by_indices} none of them: "
                "save both alike"
            )
        if origin.told == "indices" and (found := self._other_order(name, origin)):
            problems.append(
                f"{found}: the palettes of the set are in different orders, and as their colours "
                "are no class's, the ids of one of them are wrong"
            )
        return problems

    def warnings(self, name: str, origin: MapOrigin) -> list[str]:
        """What others who go by the index will find wrong, although it was read right."""
        if origin.told == "colours" and (found := self._other_order(name, origin)):
            return [
                f"{found}: read by their colours, but not by programs that go by the index; "
                "labels convert writes all alike"
            ]
        return []

    def _other_order(self, name: str, origin: MapOrigin) -> str | None:
        """The first entry that had another colour in a map that was read in the same way."""
        for index, colour in origin.palette.items():
            known, first = self._entries.setdefault((origin.told, index), (colour, name))
            if known != colour:
                return f"palette entry {index} is {colour}, but {known} in {first}"
        return None
