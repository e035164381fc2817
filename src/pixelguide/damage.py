"""What Pillow raises on files of strangers, as errors of ours."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image, UnidentifiedImageError

from pixelguide.errors import InputError

DAMAGE = (OSError, EOFError, SyntaxError, ValueError, TypeError, LookupError, struct.error)
"""What Pillow may raise on a damaged file, beside its own errors."""


@contextmanager
def guarded(where: str, formats: tuple[str, ...]) -> Iterator[None]:
    """Raise InputError naming `where` for what Pillow raises on a file of `formats`."""
    try:
        with warnings.catch_warnings():
            # Pillow warns of decompression bombs on its own limit; ours is checked from the header,
            # before a pixel is decoded.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            yield
    except UnidentifiedImageError:
        raise InputError("not a readable picture", where, wanted_kinds(formats)) from None
    except Image.DecompressionBombError:
        raise InputError("picture is too large", where, "Reduce it first.") from None
    except DAMAGE as error:
        raise damaged(error, where) from None


def wanted_kinds(formats: tuple[str, ...]) -> str:
    """What to do with a file of another kind than `formats`."""
    return f"Give a picture of type {', '.join(formats)}."


def damaged(error: Exception, where: str) -> InputError:
    """What Pillow raised, in a line."""
    reason = str(error).rstrip(".").splitlines()[0] if str(error) else "damaged"
    return InputError(f"damaged picture ({reason})", where, "Save it again.")
