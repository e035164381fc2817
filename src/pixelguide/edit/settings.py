"""How an edit is made: what the user may choose, and what is chosen for them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pixelguide.checked import Checked
from pixelguide.errors import InputError
from pixelguide.guidance.region import RoiMode
from pixelguide.guidance.schedules import SCHEDULES, Sampler, ScheduleName, StepPlan
from pixelguide.guidance.start import check_start, check_steps

StartFrom = Literal["inversion", "colours"]
Steps = Annotated[int, Field(ge=2, le=1000)]
Temperature = Annotated[float, Field(ge=0, le=2)]


class EditSettings(Checked):
    """What the user may choose for one edit.

    num_images: candidates. seed: candidate k draws from the generator of (seed, k). schedule: what
    decides num_inference_steps (from t0 to the picture), inversion_steps (from the picture to t0)
    and sampler where they are "auto"; itself "auto", it is brief from colours, else fast for small
    regions and the paper's for large ones. start_from: the picture's "inversion" (the paper's), or
    its noised "colours", flat ones where labels change (see `Plan.colours`); "auto" is the model's
    own. start_timestep (t0), guidance_scale (s): "auto" follows the size of the region too.
    temperature: a factor of all noise (see `sample_edit`); "auto" is 1 from an inversion, else the
    model's own. roi: see `region_of_interest`. dilation: pixels, None for the model's own.
    """

    num_images: int = Field(4, ge=1, le=64)
    seed: int = Field(0, ge=0, lt=2**63)
    schedule: ScheduleName | Literal["auto"] = "auto"
    num_inference_steps: Steps | Literal["auto"] = "auto"
    inversion_steps: Steps | Literal["auto"] = "auto"
    start_from: StartFrom | Literal["auto"] = "auto"
    start_timestep: int | Literal["auto"] = "auto"
    guidance_scale: float | Literal["auto"] = "auto"
    sampler: Sampler | Literal["auto"] = "auto"
    temperature: Temperature | Literal["auto"] = "auto"
    roi: RoiMode = "classes"
    dilation: int | None = Field(None, ge=0, le=64)

    def step_plan(
        self, start: int, large: bool = False, start_from: StartFrom = "inversion"
    ) -> StepPlan:
        """The passes of an edit from t0 = `start` of a small or `large` region: what the user
        chose, else the schedule's, at most one per timestep. Raises InputError for more."""
        automatic: ScheduleName = "paper" if large else "fast"
        if start_from == "colours":
            automatic = "brief"
        named = SCHEDULES[automatic if self.schedule == "auto" else self.schedule]
        steps, inversion = self.num_inference_steps, self.inversion_steps
        for name, chosen in (("steps", steps), ("inversion steps", inversion)):
            if chosen != "auto":
                check_steps(chosen, start, name)
        return StepPlan(
            named.sampler if self.sampler == "auto" else self.sampler,
            min(named.steps, start) if steps == "auto" else steps,
            min(named.inversion_steps, start) if inversion == "auto" else inversion,
            named.spacing,
        )


Channel = Annotated[int, Field(ge=0, le=255)]


class EditDefaults(Checked):
    """A category's automatic settings (`edit.json` of its model folder), the paper's by default.

    An edit of at most `small_roi` pixels (before dilation) starts at `small_start` with scale
    `small_scale`, a larger one at `large_start` with `large_scale` (Matsunaga et al. 2022,
    sec. 4.1 and 4.4: large regions are decided at high noise). dilation: the blending buffer.
    start_from: where these starts begin. temperature: of edits from colours. colours: RGB of
    classes, for those that a picture does not show but an edit begins with.
    """

    small_roi: int = Field(5000, ge=0)
    small_start: int = Field(500, ge=2, le=1000)
    small_scale: float = Field(100.0, ge=0)
    large_start: int = Field(750, ge=2, le=1000)
    large_scale: float = Field(40.0, ge=0)
    dilation: int = Field(3, ge=0, le=64)
    start_from: StartFrom = "inversion"
    temperature: Temperature = 1.0
    colours: dict[str, tuple[Channel, Channel, Channel]] = Field(default_factory=dict)

    @classmethod
    def for_size(cls, size: int) -> EditDefaults:
        """The paper's values for 256², carried over to pictures of size².

        Areas and lengths follow the picture. The scale follows the area too: g is the gradient of
        a mean over the ROI, so with 1/16 of the pixels each pixel's share in it is 16 times larger.
        """
        area = (size / 256) ** 2
        return cls(
            small_roi=round(5000 * area),
            small_scale=100 * area,
            large_scale=40 * area,
            dilation=max(1, round(3 * size / 256)),
        )

    def is_large(self, roi_pixels: int) -> bool:
        """Whether so many pixels, before dilation, are a large region."""
        return roi_pixels > self.small_roi

    def choose(self, settings: EditSettings, roi_pixels: int, timesteps: int) -> tuple[int, float]:
        """(t0, s) of an edit whose undilated ROI has `roi_pixels`; InputError when out of range."""
        large = self.is_large(roi_pixels)
        start, scale = settings.start_timestep, settings.guidance_scale
        if start == "auto":
            start = self.large_start if large else self.small_start
        if scale == "auto":
            scale = self.large_scale if large else self.small_scale
        check_start(start, timesteps)
        if scale < 0:
            raise InputError(f"scale {scale}", "settings", "It must be 0 or more.")
        return start, scale
