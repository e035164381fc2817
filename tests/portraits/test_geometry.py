"""Implicit shapes and the canvas."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pixelguide.portraits.geometry import (
    Canvas,
    Frame,
    ellipse,
    polygon,
    power,
    ramp,
    rounded_box,
    segment,
    smoothstep,
)

WHOLE = Frame(0.0, 0.0)


def _window(samples: int = 256) -> Canvas:
    return Canvas(samples)


def _area(inside: np.ndarray, samples: int) -> float:
    return float(inside.sum()) * (64.0 / samples) ** 2


def test_areas_of_shapes() -> None:
    patch = _window().patch(Frame(32.0, 32.0), -32, -32, 32, 32)
    x, y = patch.x, patch.y
    assert _area(ellipse(x, y, 10, 6) < 0, 256) == pytest.approx(math.pi * 60, rel=0.01)
    box = 20 * 12 - (4 - math.pi) * 4
    assert _area(rounded_box(x, y, 10, 6, 2) < 0, 256) == pytest.approx(box, rel=0.01)
    capsule = math.pi * 9 + 10 * 6
    assert _area(segment(x, y, (-3, -4), (3, 4), 3) < 0, 256) == pytest.approx(capsule, rel=0.01)
    square = polygon(x, y, ((-5.0, -5.0), (5.0, -5.0), (5.0, 5.0), (-5.0, 5.0)))
    assert _area(square < 0, 256) == pytest.approx(100, rel=0.01)


def test_frame_turns_scales_and_shifts_its_coordinates() -> None:
    frame = Frame(30.0, 20.0, math.radians(20), 1.5)
    patch = _window().patch(frame, -4, -4, 4, 4)
    spot = np.hypot(patch.x - 2.0, patch.y + 1.0)
    row, column = np.unravel_index(spot.argmin(), spot.shape)
    whole = _window()
    marked = whole.patch(frame, -4, -4, 4, 4)
    marked.ids[row, column] = 1
    at_y, at_x = np.argwhere(whole.ids == 1)[0] * 0.25 + 0.125
    assert (at_x, at_y) == pytest.approx(frame.to_picture(2.0, -1.0), abs=0.15)


def test_painting_stays_inside_the_window_and_the_picture() -> None:
    canvas = _window()
    patch = canvas.patch(WHOLE, -10, 50, 20, 90)
    patch.fill(np.full(patch.ids.shape, -1, np.float32), (1.0, 0.5, 0.25), 7)
    assert (canvas.ids[200:, :80] == 7).all()
    assert not canvas.ids[:199].any()
    assert not canvas.ids[:, 83:].any()
    assert canvas.rgb[:, 255, 0].tolist() == [1.0, 0.5, 0.25]


def test_a_window_beside_the_picture_is_empty() -> None:
    assert _window().patch(WHOLE, 70, 0, 80, 64).ids.size == 0


def test_tint_without_label_leaves_labels() -> None:
    canvas = _window()
    patch = canvas.patch(WHOLE, 0, 0, 64, 64)
    patch.fill(np.full((256, 256), -1, np.float32), (1.0, 1.0, 1.0))
    assert canvas.rgb.min() == 1.0
    assert not canvas.ids.any()


def test_coordinates_cannot_be_spoilt_by_a_caller() -> None:
    canvas = _window()
    canvas.patch(WHOLE, 0, 0, 64, 64).x[:] = 99.0
    assert canvas.patch(WHOLE, 0, 0, 64, 64).x.max() < 64.0


def test_ramp_power_and_smoothstep() -> None:
    amounts = np.array([[-2.0, -1.0, 0.0, 1.0, 2.0]], np.float32)
    red, _, _ = ramp(amounts, (0.1, 0, 0), (0.4, 0, 0), (0.9, 0, 0))
    assert red[0] == pytest.approx([0.1, 0.1, 0.4, 0.9, 0.9])
    base = np.array([[0.0, 0.25, 1.0, 3.0]], np.float32)
    assert power(base, np.float32(2.3))[0] == pytest.approx(base[0] ** 2.3, abs=1e-5, rel=1e-5)
    steps = smoothstep(1.0, 3.0, np.array([[0.0, 1.0, 2.0, 3.0, 4.0]], np.float32))
    assert steps[0] == pytest.approx([0, 0, 0.5, 1, 1])
    assert smoothstep(3.0, 1.0, np.array([[0.0]], np.float32))[0, 0] == 1.0
