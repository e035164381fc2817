"""What the pictures of a category are like: where their eyes are (`domain.json`)."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pixelguide.errors import InputError
from pixelguide.prior.bundle import ModelFolder

DOMAIN = "domain.json"
Share = Annotated[float, Field(ge=0, le=1)]


class Domain(BaseModel):
    """What is known of a category's pictures; nothing of it need be.

    eyes: where the left and the right one (as seen) are, (x, y) in shares of the side.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    eyes: tuple[tuple[Share, Share], tuple[Share, Share]] | None = None


def load_domain(folder: ModelFolder) -> Domain:
    """The category's domain, an empty one for a folder without. Raises InputError for a file that
    is not one."""
    if not folder.has(DOMAIN):
        return Domain()
    try:
        return Domain.model_validate(folder.json(DOMAIN))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{place}: {first['msg'].lower()}", DOMAIN) from None
