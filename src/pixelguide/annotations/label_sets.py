"""The class lists that annotated data of this field comes in.

Class names: DatasetDDPM (Baranchuk et al. 2022), CelebAMask-HQ (Lee et al. 2020) and the list that
face parsing networks trained on it use. The palettes of the DatasetDDPM categories are the
published ones of yandex-research/ddpm-segmentation, so that colour maps made with its tools are
read; the fractions of ffhq_34 are taken there as `int(255 * x)`.

CelebA's classes come in three orders under the same names: go from one to another by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pixelguide.labels import LabelSet

_FFHQ_34 = """
background 255 255 255 | head 112 130 107 | cheek 218 243 81 | chin 61 119 252 | ear 215 237 192
helix 95 201 83 | lobule 4 126 96 | bottom lid 190 3 144 | eyelashes 41 61 186 | iris 5 111 104
pupil 149 226 156 | sclera 203 232 247 | tear duct 173 159 218 | top lid 254 119 98
eyebrow 136 210 69 | forehead 44 92 212 | frown 135 170 125 | hair 54 88 120 | sideburns 174 31 37
jaw 98 118 25 | moustache 58 10 77 | inferior lip 146 139 250 | oral commissure 33 245 19
superior lip 72 47 66 | teeth 248 240 169 | neck 99 113 164 | nose 221 100 24
ala of nose 155 247 6 | bridge 93 170 79 | nose tip 164 186 243 | nostril 157 27 230
philtrum 86 126 185 | temple 42 235 167 | wrinkles 240 171 157
"""

_CAT_15 = """
background 255 255 255 | back 190 153 153 | belly 250 170 30 | chest 220 220 0 | leg 107 142 35
paw 102 102 156 | head 152 251 152 | ear 119 11 32 | eye 244 35 232 | mouth 220 20 60
tongue 52 83 84 | nose 194 87 125 | tail 143 176 255 | whiskers 31 102 211 | neck 104 131 101
"""

_HORSE_21 = """
background 255 255 255 | person 255 74 70 | back 0 137 65 | barrel 0 111 166 | bridle 163 0 89
chest 255 219 229 | ear 122 73 0 | eye 0 0 166 | forelock 99 255 172 | head 183 151 98
hoof 0 77 67 | leg 143 176 255 | mane 241 38 110 | muzzle 27 210 105 | neck 128 150 147
nostril 228 230 158 | tail 160 136 106 | thigh 79 198 1 | saddle 59 93 255 | shoulder 115 214 209
leg protection 255 47 128
"""

_BEDROOM_28 = """
background 255 255 255 | bed 238 229 102 | footboard 255 72 69 | headboard 124 99 34
side rail 193 127 15 | carpet 106 177 21 | ceiling 248 213 43
chandelier / ceiling fan blade 252 155 83 | curtain 220 147 77 | cushion 99 83 3
floor 116 116 138 | table/nightstand/dresser 63 182 24 | table/nightstand/dresser top 200 226 37
picture / mirror 225 184 161 | pillow 233 5 219 | lamp column 142 172 248 | lamp shade 153 112 146
wall 38 112 254 | window 229 30 141 | curtain rod 99 205 255 | window frame 74 59 83
chair 186 9 0 | picture / mirror frame 107 121 0 | plinth 0 194 160 | door / door frame 255 170 146
pouf 255 144 201 | wardrobe 185 3 170 | plant 221 239 255 | table staff 0 0 53
"""

_CELEBA_19 = """
background 255 255 255 | cloth 238 229 102 | ear_r 250 150 50 | eye_g 124 99 34 | hair 193 127 15
hat 225 96 18 | l_brow 220 147 77 | l_ear 99 83 3 | l_eye 116 116 138 | l_lip 200 226 37
mouth 225 184 161 | neck 142 172 248 | neck_l 153 112 146 | nose 38 112 254 | r_brow 229 30 141
r_ear 52 83 84 | r_eye 194 87 125 | skin 248 213 42 | u_lip 31 102 211
"""

_CELEBAMASK_HQ_ORDER = (
    "background skin nose eye_g l_eye r_eye l_brow r_brow l_ear r_ear mouth u_lip l_lip hair hat "
    "ear_r neck_l neck cloth"
)
_FACE_PARSING_ORDER = (
    "background skin l_brow r_brow l_eye r_eye eye_g l_ear r_ear ear_r nose mouth u_lip l_lip neck "
    "neck_l cloth hair hat"
)

_CELEBA_GROUPS = {
    "brows": ("l_brow", "r_brow"),
    "eyes": ("l_eye", "r_eye"),
    "ears": ("l_ear", "r_ear"),
    "lips": ("u_lip", "l_lip"),
    "whole mouth": ("mouth", "u_lip", "l_lip"),
}


def _label_set(table: str, groups: Mapping[str, tuple[str, ...]]) -> LabelSet:
    rows = [row.rsplit(maxsplit=3) for row in table.replace("\n", "|").split("|") if row.strip()]
    palette = tuple((int(r), int(g), int(b)) for _, r, g, b in rows)
    return LabelSet(tuple(name.strip() for name, *_ in rows), palette, groups)


def _reordered(labels: LabelSet, order: str) -> LabelSet:
    names = tuple(order.split())
    return LabelSet(names, tuple(labels.palette[labels.id(n)] for n in names), labels.groups)


def built_in_label_sets() -> Mapping[str, LabelSet]:
    """The known class lists by name, such as "ffhq_34"."""
    return _BUILT_IN


def distinct_palette(count: int) -> tuple[tuple[int, int, int], ...]:
    """`count` (at most 256) different colours, none of them white: the colour map of PASCAL VOC,
    which spreads the bits of the class id over the high bits of red, green and blue."""

    def channel(index: int, offset: int) -> int:
        return sum(((index >> (3 * bit + offset)) & 1) << (7 - bit) for bit in range(3))

    return tuple((channel(i, 0), channel(i, 1), channel(i, 2)) for i in range(count))


_CELEBA = _label_set(_CELEBA_19, _CELEBA_GROUPS)
_BUILT_IN = MappingProxyType(
    {
        "ffhq_34": _label_set(
            _FFHQ_34,
            {
                "mouth": ("inferior lip", "oral commissure", "superior lip", "teeth"),
                "lips": ("inferior lip", "superior lip"),
                "eyes": (
                    *("bottom lid", "eyelashes", "iris", "pupil", "sclera", "tear duct"),
                    "top lid",
                ),
                "ears": ("ear", "helix", "lobule"),
                "whole nose": ("nose", "ala of nose", "bridge", "nose tip", "nostril"),
                "all hair": ("hair", "sideburns"),
            },
        ),
        "cat_15": _label_set(
            _CAT_15,
            {"face": ("head", "ear", "eye", "mouth", "tongue", "nose", "whiskers")},
        ),
        "horse_21": _label_set(
            _HORSE_21,
            {
                "face": ("head", "ear", "eye", "forelock", "muzzle", "nostril"),
                "tack": ("bridle", "saddle", "leg protection"),
            },
        ),
        "bedroom_28": _label_set(
            _BEDROOM_28,
            {
                "whole bed": ("bed", "footboard", "headboard", "side rail"),
                "lamp": ("lamp column", "lamp shade"),
            },
        ),
        "celeba_19": _CELEBA,
        "celebamask-hq_19": _reordered(_CELEBA, _CELEBAMASK_HQ_ORDER),
        "face-parsing_19": _reordered(_CELEBA, _FACE_PARSING_ORDER),
    }
)
