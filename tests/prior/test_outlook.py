from __future__ import annotations

import pytest

from pixelguide.prior.outlook import outlook


@pytest.mark.parametrize(
    ("seen", "pace", "told"),
    [
        (2_000, 18, "noise still: go on; about 1.5 hours at 18 pictures a second to 100,000"),
        (2_000, 12, "noise still: go on; about 2 hours at 12 pictures a second to 100,000"),
        (60_000, 18.2, "about 37 minutes at 18 pictures a second to 100,000"),
        (99_999, 18, "about 1 minute at"),
        (150_000, 1000, "edits work; details still gain; about 4 minutes at 1,000"),
        (5_000, 0, "noise still: go on; 95,000 pictures more"),
        (400_000, 18, "as many as the bundled priors have seen"),
    ],
)
def test_what_to_expect_is_said_in_words(seen: int, pace: float, told: str) -> None:
    assert told in outlook(seen, pace)
