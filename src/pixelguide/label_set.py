"""The classes of a category: their names, colours and groups (`labels.json`)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pixelguide.bounded_json import load_json
from pixelguide.errors import InputError
from pixelguide.label_colours import WHITE, Colour, file_colours, no_label_colour

IGNORE = 255
"""Id of pixels that carry no label: never trained on, never an edit target."""


@dataclass(frozen=True)
class LabelSet:
    """The classes of a category: names, display colours, and named groups of classes.

    The id of a class is its position in `names`; 255 is `IGNORE`.

    Parameters
    ----------
    names : tuple of str
        1 to 255 different names.
    palette : tuple of (int, int, int)
        The display colour of each class, RGB of 0 … 255; no two are equal, so that maps survive a
        trip through RGB.
    groups : mapping of str to tuple of str
        Names for several classes at once.

    Raises
    ------
    InputError
        If names or colours repeat, or a group has an unknown member.
    """

    names: tuple[str, ...]
    palette: tuple[Colour, ...]
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 1 <= len(self.names) <= 255:
            raise InputError(f"{len(self.names)} classes", "labels", "Give 1 to 255.")
        if len(set(self.names)) != len(self.names):
            raise InputError("class names repeat", "labels", "Give each class its own name.")
        if len(self.palette) != len(self.names) or len(set(self.palette)) != len(self.palette):
            raise InputError(
                f"{len(self.names)} classes with {len(set(self.palette))} different colours",
                "labels",
                "Give each class one colour of its own.",
            )
        for colour in self.palette:
            if len(colour) != 3 or any(not 0 <= value <= 255 for value in colour):
                raise InputError(f"colour {colour}", "labels", "Give three numbers from 0 to 255.")
        for group, members in self.groups.items():
            for name in members:
                if name not in self.names:
                    raise InputError(f"unknown class '{name}' in group '{group}'", "labels")

    def __len__(self) -> int:
        return len(self.names)

    def id(self, name: str) -> int:
        """Look a class up by its name.

        Parameters
        ----------
        name : str
            The class.

        Returns
        -------
        int
            Its id, 0 … 254.

        Raises
        ------
        InputError
            If there is no such class; it lists those that there are, or the group's of that name.
        """
        try:
            return self.names.index(name)
        except ValueError:
            if members := self.groups.get(name):
                raise InputError(
                    f"'{name}' is a group", hint=f"Name one of its classes: {', '.join(members)}."
                ) from None
            raise InputError(
                f"unknown class '{name}'", hint=f"Known classes: {', '.join(self.names)}."
            ) from None

    def ids(self, names: Iterable[str]) -> tuple[int, ...]:
        """Look several classes up by their names.

        Parameters
        ----------
        names : iterable of str
            Classes and groups, which stand for their members.

        Returns
        -------
        tuple of int
            Their ids, each once, in ascending order.

        Raises
        ------
        InputError
            If there is no such class.
        """
        flat = (member for name in names for member in self.groups.get(name, (name,)))
        return tuple(sorted({self.id(name) for name in flat}))

    def colours(self) -> NDArray[np.uint8]:
        """Colour every id.

        Returns
        -------
        numpy.ndarray
            RGB of ids 0 … 255, uint8 256×3, no two alike. No label is white, or if a class is white
            another colour; ids that are no class have colours that no class has.
        """
        return file_colours(self.palette)

    def colour_ids(self) -> dict[Colour, int]:
        """Say what each colour means in a map.

        Returns
        -------
        dict of (int, int, int) to int
            Ids by the classes' colours and, of no label, by white or what stands for it.
        """
        none = {WHITE: IGNORE, no_label_colour(self.palette): IGNORE}
        return none | {colour: index for index, colour in enumerate(self.palette)}

    def to_json(self) -> str:
        """Write the label set as text.

        Returns
        -------
        str
            The text of `labels.json`: `id2label` with string keys (as on the HF hub) and more.
        """
        content = {
            "id2label": {str(i): name for i, name in enumerate(self.names)},
            "palette": [list(colour) for colour in self.palette],
            "groups": {group: list(members) for group, members in self.groups.items()},
        }
        return json.dumps(content, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str, where: str = "labels.json") -> LabelSet:
        """Read what `to_json` wrote.

        Parameters
        ----------
        text : str
            The text of `labels.json`.
        where : str
            What an error calls it.

        Returns
        -------
        LabelSet
            The classes.

        Raises
        ------
        InputError
            If it is something else.
        """
        try:
            content = load_json(text)
            id2label = content["id2label"]
            names = tuple(str(id2label[str(i)]) for i in range(len(id2label)))
            palette = tuple((int(r), int(g), int(b)) for r, g, b in content["palette"])
            groups = {str(k): tuple(map(str, v)) for k, v in content.get("groups", {}).items()}
        except (
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            OverflowError,
            RecursionError,
        ) as error:
            raise InputError(
                f"not a label set ({error})",
                where,
                'Expected {"id2label": {"0": name, …}, "palette": [[r, g, b], …]}.',
            ) from None
        return cls(names, palette, groups)
