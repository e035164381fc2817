"""How an edit is made: what the user may choose, and what is chosen for them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from pixelguide.checked import Checked
from pixelguide.colours import read_colour
from pixelguide.errors import InputError
from pixelguide.guidance.region import RoiMode
from pixelguide.guidance.schedules import SCHEDULES, Sampler, ScheduleName, StepPlan
from pixelguide.guidance.start import check_start, check_steps

StartFrom = Literal["inversion", "colours"]
Steps = Annotated[int, Field(ge=2, le=1000)]
Temperature = Annotated[float, Field(ge=0, le=2)]


class EditSettings(Checked):
    """What the user may choose for one edit.

    Parameters
    ----------
    num_images : int
        Candidates, 1 … 64.
    seed : int
        Candidate k draws from the generator of (seed, k), whatever their number.
    schedule : "auto", "brief", "fast" or "paper"
        What decides the steps and the sampler where these are "auto"; "auto" is brief from
        colours, else fast for small regions and the paper's for large ones.
    num_inference_steps : int or "auto"
        Guided steps from t0 to the picture, 2 … 1000, at most t0.
    inversion_steps : int or "auto"
        Steps from the picture to t0, 2 … 1000, at most t0.
    start_from : "auto", "inversion" or "colours"
        Where the steps begin: at the picture's inversion (the paper's way), or at its noised
        colours, flat ones where labels change (see `Plan.colours`); "auto" is the model's own.
    start_timestep : int or "auto"
        The timestep t0, 2 … 1000; "auto" follows the size of the region.
    guidance_scale : float or "auto"
        The scale s of eq. 9, 0 or more; "auto" follows the size of the region.
    sampler : "auto", "ddpm", "ddim", "sde", "sde-2m" or "dpm-2m"
        How a step is made; "ddpm" is the paper's eq. 9.
    temperature : float or "auto"
        A factor of all noise, 0 … 2 (see `sample_edit`); "auto" is 1 from an inversion, else the
        model's own.
    roi : "auto", "classes", "parts" or "changed"
        What may change: where edited classes were or come (eq. 7), what was painted and the parts
        that move with it (see `painted_parts`), or where labels differ; "auto" is "parts" for a
        part of a photograph and where eq. 7 gives more than `WIDEST` times what was painted, else
        "classes".
    dilation : int, optional
        Pixels by which the region grows, 0 … 64; None is the model's own.
    strength : float
        How much of the change is let through, 0 … 1 (see `at_strength`); scores are of what comes
        out.
    detail : bool
        Whether a photograph gets detail finer than the model's pixels where much changed, if the
        category paints it.
    rank : "likely" or "agreement"
        What candidates are ranked by: agreement with the map and how usual they look to the prior,
        where the model says what is usual, or agreement alone (the paper's choice).
    colours : dict of str to str
        The colours that classes or groups are to have: "#8a4b2d", a name, or "from:x,y" of the
        picture; edited classes without one keep theirs.
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
    roi: RoiMode | Literal["auto"] = "auto"
    dilation: int | None = Field(None, ge=0, le=64)
    strength: float = Field(1.0, ge=0, le=1)
    detail: bool = True
    rank: Literal["likely", "agreement"] = "likely"
    colours: dict[str, str] = Field(default_factory=dict)

    @field_validator("colours")
    @classmethod
    def _are_colours(cls, colours: dict[str, str]) -> dict[str, str]:
        for name, text in colours.items():
            read_colour(text, f"the colour of '{name}'")
        return colours

    def step_plan(
        self, start: int, large: bool = False, start_from: StartFrom = "inversion"
    ) -> StepPlan:
        """Decide the steps of an edit: what the user chose, else the schedule's.

        Parameters
        ----------
        start : int
            The timestep t0.
        large : bool
            Whether the region is a large one.
        start_from : "inversion" or "colours"
            Where the steps begin.

        Returns
        -------
        StepPlan
            Sampler and steps, at most one per timestep.

        Raises
        ------
        InputError
            If the user chose more steps than there are timesteps up to t0.
        """
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

    Matsunaga et al. 2022, sec. 4.1 and 4.4: large regions are decided at high noise.

    Parameters
    ----------
    small_roi : int
        Pixels, before dilation, up to which a region is a small one.
    small_start : int
        The timestep t0 of edits of small regions, 2 … 1000.
    small_scale : float
        The scale s of eq. 9 of edits of small regions, 0 or more.
    large_start : int
        The timestep t0 of edits of large regions, 2 … 1000.
    large_scale : float
        The scale s of eq. 9 of edits of large regions, 0 or more.
    dilation : int
        Pixels by which the region grows, 0 … 64: the buffer in which the edit is blended in.
    start_from : "inversion" or "colours"
        Where the steps of an edit begin.
    temperature : float
        A factor of all noise of edits from colours, 0 … 2.
    colours : dict of str to (int, int, int)
        RGB of classes, 0 … 255, for those that a picture does not show but an edit begins with.
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
        """Carry the paper's values, which are for 256², over to pictures of another size.

        Areas and lengths follow the picture. The scale follows the area too: g is the gradient of
        a mean over the ROI, so with 1/16 of the pixels each pixel's share in it is 16 times larger.

        Parameters
        ----------
        size : int
            Side of the pictures in pixels.

        Returns
        -------
        EditDefaults
            The settings for such pictures.
        """
        area = (size / 256) ** 2
        return cls(
            small_roi=round(5000 * area),
            small_scale=100 * area,
            large_scale=40 * area,
            dilation=max(1, round(3 * size / 256)),
        )

    def is_large(self, roi_pixels: int) -> bool:
        """Tell whether a region is a large one.

        Parameters
        ----------
        roi_pixels : int
            Its pixels, before dilation.

        Returns
        -------
        bool
            Whether these are more than `small_roi`.
        """
        return roi_pixels > self.small_roi

    def choose(self, settings: EditSettings, roi_pixels: int, timesteps: int) -> tuple[int, float]:
        """Choose start and scale of an edit: those of the settings, else by the region's size.

        Parameters
        ----------
        settings : EditSettings
            What the user chose.
        roi_pixels : int
            Pixels of the region, before dilation.
        timesteps : int
            How many the model has.

        Returns
        -------
        start : int
            The timestep t0.
        scale : float
            The scale s of eq. 9.

        Raises
        ------
        InputError
            If one of them is out of range.
        """
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
