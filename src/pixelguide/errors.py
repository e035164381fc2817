"""The errors a user can meet. Each says what is wrong, where, and what to do about it."""

from __future__ import annotations

from pixelguide.printable import printable


class PixelguideError(Exception):
    """Base of every error this library raises on purpose.

    `str(error)` is one line, `what, where. hint`, fit to be shown to a user as it is:
    what names of files and classes hold beside printable characters is written out.
    `exit_code` is what the command line ends with.

    Parameters
    ----------
    what : str
        What is wrong.
    where : str
        The file, option or field that it concerns.
    hint : str
        What to do about it: whole sentences.
    """

    exit_code = 1

    def __init__(self, what: str, where: str = "", hint: str = "") -> None:
        self.what, self.where, self.hint = what, where, hint
        place = f", {where}" if where else ""
        advice = f" {hint}" if hint else ""
        super().__init__(printable(f"{what}{place}.{advice}", keep=""))


class InputError(PixelguideError):
    """Something the user gave cannot be used (exit code 2).

    Parameters
    ----------
    what, where, hint : str
        As of `PixelguideError`.
    """

    exit_code = 2


class SafetyError(PixelguideError):
    """Something was refused because reading it could do harm (exit code 3).

    Parameters
    ----------
    what, where, hint : str
        As of `PixelguideError`.
    """

    exit_code = 3


class ResourceError(PixelguideError):
    """Disk, memory or another resource ran out (exit code 4).

    Parameters
    ----------
    what, where, hint : str
        As of `PixelguideError`.
    """

    exit_code = 4


def is_out_of_memory(error: BaseException) -> bool:
    """Whether Python, or torch on some device, found no memory (asked without importing torch)."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    message = str(error).lower()  # torch on a CPU, on Windows, on other devices
    return isinstance(error, RuntimeError) and any(
        words in message for words in ("allocate memory", "not enough memory", "out of memory")
    )
