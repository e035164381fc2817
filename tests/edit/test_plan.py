from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pixelguide.edit.defaults import EditDefaults
from pixelguide.edit.plan import Extent, Plan, plan_edit
from pixelguide.edit.settings import EditSettings
from pixelguide.errors import InputError
from pixelguide.guidance.region import dilate
from pixelguide.labels import IGNORE, LabelMap, LabelSet


def planned(
    source: LabelMap, target: LabelMap, defaults: EditDefaults | None = None, **settings: Any
) -> Plan:
    defaults = defaults or EditDefaults(dilation=2)
    return plan_edit(source, target, None, EditSettings(**settings), defaults, 1000)


def test_the_region_is_what_is_painted_and_a_rim(source: LabelMap, target: LabelMap) -> None:
    plan = planned(source, target)
    assert plan.classes == ("house",)
    assert np.array_equal(plan.painted, source.ids != target.ids)
    assert np.array_equal(plan.roi, dilate(plan.painted, 2))
    assert planned(source, target, dilation=0).roi.sum() == plan.painted.sum() == 25


def test_what_the_user_leaves_open_is_the_categorys(source: LabelMap, target: LabelMap) -> None:
    defaults = EditDefaults(small_roi=24, large_start=300, large_scale=7, start_from="colours")
    plan = planned(source, target, defaults)
    assert (plan.start, plan.scale, plan.start_from) == (300, 7, "colours")
    own = planned(source, target, defaults, start_timestep=90, start_from="inversion")
    assert (own.start, own.start_from, own.step_plan.sampler) == (90, "inversion", "ddpm")


def test_only_edits_from_colours_are_calmer_by_themselves(
    source: LabelMap, target: LabelMap
) -> None:
    calm = EditDefaults(temperature=0.5, start_from="colours")
    assert planned(source, target, calm).temperature == 0.5
    assert planned(source, target, calm, start_from="inversion").temperature == 1
    asked = planned(source, target, calm, start_from="inversion", temperature=0.25)
    assert asked.temperature == 0.25


def test_the_report_repeats_the_plan(source: LabelMap, target: LabelMap) -> None:
    plan = planned(source, target, num_inference_steps=7, temperature=0.25, sampler="ddim")
    again = planned(
        source, target,
        **{k: v for k, v in plan.report().items() if k not in ("edit_classes", "dilation")},
    )  # fmt: skip
    assert again.report() == plan.report()
    assert plan.report()["edit_classes"] == ["house"]


def test_a_single_class_may_be_said_without_a_list(source: LabelMap, target: LabelMap) -> None:
    plan = plan_edit(source, target, "house", EditSettings(), EditDefaults(), 1000)
    assert plan.classes == ("house",)


def test_an_edit_without_a_labelled_pixel_is_refused(source: LabelMap, target: LabelMap) -> None:
    target.ids[:] = IGNORE
    with pytest.raises(InputError, match="no labelled pixel"):
        planned(source, target, EditDefaults(dilation=0))


def test_colours_are_flat_but_for_parts_that_moved(
    picture: NDArray[np.uint8], source: LabelMap, target: LabelMap, labels: LabelSet
) -> None:
    # one house moves a pixel to the right; beside it a new one is built
    before, after = target, target.copy()
    after.ids[5:10, 4] = source.ids[5:10, 4]
    after.ids[5:10, 9] = labels.id("house")
    after.ids[1:3, 13:15] = labels.id("house")
    house = picture[before.ids == labels.id("house")]
    seen = planned(before, after).colours(picture, {})
    assert np.array_equal(seen[5:10, 5:10], picture[5:10, 4:9])
    assert (seen[1:3, 13:15] == np.round(house.mean(0))).all()
    kept = before.ids == after.ids
    kept[5:10, 5:10] = False
    assert np.array_equal(seen[kept], picture[kept])


def test_the_region_is_eq_7_until_that_is_much_more_than_was_painted(labels: LabelSet) -> None:
    ids = np.zeros((20, 20), np.uint8)
    ids[:6] = 2  # a house as wide as the picture
    source, target = LabelMap(ids, labels), LabelMap(ids.copy(), labels)
    target.ids[6:8] = 2
    plan = planned(source, target)
    assert (plan.mode, plan.painted.sum()) == ("classes", 160)  # 4 times the 40 painted
    target.ids[7] = 0
    plan = planned(source, target)
    assert plan.mode == "parts"  # 140 would be 7 times the 20 painted
    assert (plan.painted & ~plan.edges).sum() == 20
    assert planned(source, target, roi="classes").painted.sum() == 140
    assert plan.report()["roi"] == "parts"


def test_the_old_edge_of_what_grows_is_made_anew_in_its_own_colour(labels: LabelSet) -> None:
    ids = np.zeros((64, 64), np.uint8)
    ids[:24] = 2
    source, target = LabelMap(ids, labels), LabelMap(ids.copy(), labels)
    target.ids[24:28] = 2
    plan = planned(source, target, roi="parts", dilation=0)
    assert np.array_equal(np.flatnonzero(plan.edges.any(1)), np.arange(20, 24))
    assert np.array_equal(np.flatnonzero(plan.roi.any(1)), np.arange(20, 28))
    picture = np.full((64, 64, 3), 200, np.uint8)
    picture[:22] = 40  # the map has two rows of the ground as house
    seen = plan.colours(picture, {})
    assert (seen[:28] == 40).all()
    assert (seen[28:] == 200).all()
    (kept,) = (each for each in plan.class_colours(picture) if each.name == "house")
    assert kept.colour == pytest.approx(40)
    assert kept.exact
    for mode in ("classes", "changed"):
        assert not planned(source, target, roi=mode).edges.any()
    region = source.ids != target.ids
    own = plan_edit(
        source, target, None, EditSettings(roi="parts"), EditDefaults(), 1000, region=region
    )
    assert np.array_equal(own.painted, region)


def test_a_part_of_a_photograph_keeps_to_what_was_painted(labels: LabelSet) -> None:
    ids = np.zeros((20, 20), np.uint8)
    ids[2:6, 2:6] = ids[12:16, 12:16] = 2
    source, target = LabelMap(ids, labels), LabelMap(ids.copy(), labels)
    target.ids[2:6, 6:9] = 2
    defaults, settings = EditDefaults(dilation=0), EditSettings()
    plan = plan_edit(source, target, None, settings, defaults, 1000, photograph=True)
    assert (plan.mode, plan.roi.sum()) == ("parts", 28)
    assert plan_edit(source, target, None, settings, defaults, 1000).roi.sum() == 44


def test_a_region_that_was_asked_for_is_the_region(source: LabelMap, target: LabelMap) -> None:
    region = np.zeros(source.ids.shape, np.bool_)
    region[np.argwhere(source.ids != target.ids)[0][0]] = True
    known = EditDefaults(dilation=1)
    plan = plan_edit(source, target, None, EditSettings(), known, 1000, region=region)
    assert np.array_equal(plan.painted, region)
    assert np.array_equal(plan.roi, dilate(region, 1))
    for wrong in (np.zeros_like(region), region[1:], region.astype(np.uint8)):
        with pytest.raises(InputError, match="region"):
            plan_edit(source, target, None, EditSettings(), known, 1000, region=wrong)


def test_the_extent_says_what_may_change(labels: LabelSet) -> None:
    ids = np.zeros((20, 20), np.uint8)
    ids[:10] = 2
    source, target = LabelMap(ids, labels), LabelMap(ids.copy(), labels)
    target.ids[8:10] = 1
    target.ids[19, 19] = 1  # slipped
    plan = planned(source, target, dilation=0, roi="parts")
    extent = plan.extent()
    assert extent.describe("part") == "grass and house: 10 % of the part"
    assert extent.report("part") == {
        "classes": ["grass", "house"], "share": 0.1, "of": "part", "specks_left_out": 1,
        "text": "grass and house: 10 % of the part",
    }  # fmt: skip
    many = Extent(("a", "b", "c", "d", "e"), 0.001, 0)
    assert many.describe() == "a, b, c and 2 others: less than 1 % of the picture"
