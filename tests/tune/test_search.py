"""The search finds what serves best, pays for passes, and spends little on what is hopeless."""

from __future__ import annotations

from collections import Counter

from pixelguide.tune.search import PROBE, Choice, Score, most_choices, search

EDITS = 12


def _scores(psnr: float, count: int) -> list[Score]:
    return [Score(psnr, 0.9)] * count


def test_it_goes_to_the_best_settings() -> None:
    def measure(choice: Choice, count: int) -> list[Score]:
        loss = (
            abs(choice.start - 350) / 50 + abs(choice.scale - 4.5) + abs(choice.temperature - 0.4)
        )
        return _scores(25 - loss + (choice.steps == 10), count)

    best = search(measure, EDITS, 1000)
    assert best == Choice("colours", 350, 4.5, 10, 0.4)


def test_inversion_wins_where_it_is_better() -> None:
    def measure(choice: Choice, count: int) -> list[Score]:
        return _scores(20 + 3 * (choice.start_from == "inversion"), count)

    assert search(measure, EDITS, 1000).start_from == "inversion"


def test_of_equals_the_cheapest_is_taken() -> None:
    assert search(lambda choice, count: _scores(20, count), EDITS, 1000).steps == 4


def test_accuracy_counts_too() -> None:
    def measure(choice: Choice, count: int) -> list[Score]:
        strong = choice.scale == 4.5
        return [Score(24 - 0.1 * strong, 0.90 + 0.03 * strong)] * count

    assert search(measure, EDITS, 1000).scale == 4.5


def test_what_is_hopeless_is_tried_on_few_edits() -> None:
    asked: Counter[Choice] = Counter()

    def measure(choice: Choice, count: int) -> list[Score]:
        asked[choice] = max(asked[choice], count)
        return _scores(25 if choice.start == 170 else 20, count)

    search(measure, EDITS, 1000)
    assert {asked[choice] for choice in asked if choice.start != 170} == {PROBE}
    assert len(asked) <= most_choices()


def test_a_short_schedule_takes_no_more_steps_than_it_has() -> None:
    seen: set[Choice] = set()

    def measure(choice: Choice, count: int) -> list[Score]:
        seen.add(choice)
        return _scores(20, count)

    search(measure, EDITS, 20)
    assert all(2 <= choice.steps <= choice.start <= 20 for choice in seen)
