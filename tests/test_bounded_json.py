"""JSON is read as ever within the bounds, and refused beyond them before it takes memory."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from pixelguide.bounded_json import MAX_DEPTH, MAX_KEYS, Items, load_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)  # fmt: skip


@given(VALUES)
def test_what_json_writes_is_read_as_json_reads_it(value: object) -> None:
    text = json.dumps(value)
    assert load_json(text) == json.loads(text) == load_json(text.encode())


@pytest.mark.parametrize(
    "number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1" + "0" * 400]
)
def test_numbers_that_are_not_finite_are_refused(number: str) -> None:
    for text in (number, f'{{"a": [1, {number}]}}'):
        with pytest.raises(ValueError, match=r"no JSON|too large"):
            load_json(text)


@pytest.mark.parametrize("text", ["", "{", "[1,]", "{'a': 1}", b"\xff\xfe\x00", "[" * 100_000])
def test_what_is_no_json_is_a_value_error(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        load_json(text)


@pytest.mark.parametrize("pair", ["[]", '{"a":}'])
def test_depth_is_bounded(pair: str) -> None:
    opening, closing = pair[:-1], pair[-1]
    load_json(opening * (MAX_DEPTH - 1) + "[]" + closing * (MAX_DEPTH - 1))
    with pytest.raises(ValueError, match="nested deeper"):
        load_json(opening * (MAX_DEPTH + 1) + "[]" + closing * (MAX_DEPTH + 1))


def test_the_number_of_values_is_bounded_before_memory_is_taken() -> None:
    text = b"[" + b"1," * 2_000_000 + b"1]"
    tracemalloc.start()
    with pytest.raises(ValueError, match="more than 1,000,000 values"):
        load_json(text)
    assert tracemalloc.get_traced_memory()[1] < 100_000
    tracemalloc.stop()
    assert len(load_json(text, max_values=2_000_002)) == 2_000_001


def test_an_object_has_a_greatest_number_of_names() -> None:
    assert len(load_json(json.dumps(dict.fromkeys(map(str, range(MAX_KEYS)))))) == MAX_KEYS
    with pytest.raises(ValueError, match="names"):
        load_json(json.dumps(dict.fromkeys(map(str, range(MAX_KEYS + 1)))))


def test_the_first_wrong_item_ends_a_list() -> None:
    class Model(BaseModel):
        items: Items[int]

    assert Model.model_validate({"items": [1, 2]}).items == [1, 2]
    with pytest.raises(ValidationError) as refused:
        Model.model_validate({"items": ["x"] * 1000})
    assert refused.value.error_count() == 1
