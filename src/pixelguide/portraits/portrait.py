"""The parameters of one portrait."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

from pixelguide.errors import InputError
from pixelguide.portraits.colors import Rgb

HairStyle = Literal[
    "bald",
    "buzz",
    "short",
    "side_part",
    "quiff",
    "slick",
    "bun",
    "ponytail",
    "pigtails",
    "bob",
    "fringe_bob",
    "fringe_long",
    "long_straight",
    "long_wavy",
    "curly",
    "afro",
]
Glasses = Literal["none", "round", "square", "oval", "cat"]
Clothing = Literal["crew", "v_neck", "collar", "hoodie", "turtleneck"]


@dataclass(frozen=True, slots=True)
class Portrait:
    """Everything that decides the pixels of a portrait.

    Lengths are in units (the picture is 64 units wide), colours sRGB in 0..1. "Left" and "right"
    are the viewer's.

    Pose: `shift_x`, `shift_y` of the head (units, about -1.5..1.5), `tilt` (degrees, -4..4),
    `scale` (0.95..1.05).
    Head: `skin`; `face_width` half width (16.5..18.8); `chin` distance from eye line to chin
    (21.5..24); `jaw` squareness exponent (1.9..2.7); `taper` narrowing towards the chin (0..1);
    `ear_size` (0.8..1.2); `blush` (0..1).
    Eyes: `left_eye_open`, `right_eye_open` 0 closed or 0.6..1; `eye_width` half width (4.9..5.7);
    `eye_height` (0.85..1.15); `eye_slant` outer corner up (-0.12..0.15, slope); `eye_spacing` half
    distance (7.8..8.8); `iris`; `gaze_x` (-2.2..2.2) and `gaze_y` (-1..1) displacement of the
    irises; `lid` colour of the closed lids.
    Brows: `brow_height` above the usual place (-1.2..2); `brow_thickness` (1.8..3.6);
    `brow_angle` inner end down (-0.2..0.25, slope); `brow_arch` (0..1); `brow`.
    Nose: `nose_width` half width (3.2..4.8); `nose_length` (8..9.8).
    Mouth: `mouth_open` 0 closed..1; `mouth_width` half width (7..9); `lip_fullness` (0..1);
    `smile` (-0.4..1); `lip`.
    Hair: `hair_style`; `hair`; `hair_volume` (0..1); `hair_length` (0..1); `hairline` lower when
    positive (-1..1); `part` side of the parting (-1..1); `sheen` (0..1).
    Glasses: `glasses`; `frame`; `lens_size` (0.92..1.08).
    Clothes: `clothing`; `cloth`; `accent`.
    Picture: `sky` and `ground` colours of the background gradient; `slope` of the gradient (-1..1);
    `disc` strength of the light disc (0..1), at `disc_x`, `disc_y` (units); `light_x` where the
    light comes from (-1 left..1 right); `warmth` of the light (-1 cool..1 warm).
    """

    shift_x: float
    shift_y: float
    tilt: float
    scale: float
    skin: Rgb
    face_width: float
    chin: float
    jaw: float
    taper: float
    ear_size: float
    blush: float
    left_eye_open: float
    right_eye_open: float
    eye_width: float
    eye_height: float
    eye_slant: float
    eye_spacing: float
    iris: Rgb
    gaze_x: float
    gaze_y: float
    lid: Rgb
    brow_height: float
    brow_thickness: float
    brow_angle: float
    brow_arch: float
    brow: Rgb
    nose_width: float
    nose_length: float
    mouth_open: float
    mouth_width: float
    lip_fullness: float
    smile: float
    lip: Rgb
    hair_style: HairStyle
    hair: Rgb
    hair_volume: float
    hair_length: float
    hairline: float
    part: float
    sheen: float
    glasses: Glasses
    frame: Rgb
    lens_size: float
    clothing: Clothing
    cloth: Rgb
    accent: Rgb
    sky: Rgb
    ground: Rgb
    slope: float
    disc: float
    disc_x: float
    disc_y: float
    light_x: float
    warmth: float

    def __post_init__(self) -> None:
        for name in ("left_eye_open", "right_eye_open", "mouth_open"):
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                raise InputError(
                    f"{name} is {value}", "Portrait", "Give a number from 0 (closed) to 1 (open)."
                )

    def replace(self, **changes: Any) -> Portrait:
        """A copy with the named fields changed."""
        return dataclasses.replace(self, **changes)
