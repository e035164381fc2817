"""The label classes of a portrait and the colours they are shown in."""

from __future__ import annotations

from pixelguide.labels import LabelSet

LABELS = LabelSet(
    names=(
        "background",
        "clothing",
        "neck",
        "ear",
        "face",
        "hair",
        "eyebrow",
        "eye white",
        "iris",
        "closed eyelid",
        "nose",
        "lips",
        "mouth interior",
        "teeth",
        "glasses",
    ),
    palette=(
        (38, 50, 72),
        (86, 130, 190),
        (214, 150, 110),
        (240, 120, 90),
        (250, 205, 165),
        (120, 76, 56),
        (64, 42, 110),
        (240, 246, 255),
        (40, 160, 170),
        (190, 120, 220),
        (245, 175, 70),
        (215, 50, 90),
        (95, 14, 44),
        (255, 250, 180),
        (70, 190, 90),
    ),
    groups={
        "eyes": ("eye white", "iris", "closed eyelid"),
        "mouth": ("lips", "mouth interior", "teeth"),
        "skin": ("neck", "ear", "face", "nose"),
    },
)

BACKGROUND = 0
CLOTHING = 1
NECK = 2
EAR = 3
FACE = 4
HAIR = 5
EYEBROW = 6
EYE_WHITE = 7
IRIS = 8
CLOSED_EYELID = 9
NOSE = 10
LIPS = 11
MOUTH_INTERIOR = 12
TEETH = 13
GLASSES = 14
