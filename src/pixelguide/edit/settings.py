"""How an edit is made: what the user may choose, and what is chosen for them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from pixelguide.checked import Checked
from pixelguide.colours import read_colour
from pixelguide.guidance.region import RoiMode
from pixelguide.guidance.schedules import SCHEDULES, GuidanceUnit, Sampler, ScheduleName, StepPlan
from pixelguide.guidance.start import check_steps

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
    guidance_unit : "auto", "gradient" or "noise"
        What the scale multiplies: the gradient, as in eq. 9, or the gradient in units of the noise
        (see `in_noise_units`), where 2 to 4 serves every category; "auto" is the model's own for
        an automatic scale, else "gradient".
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
    max_passes : int or "auto"
        Passes of the network for one candidate, 1 … 10000, up to which an edit that does not reach
        what its map should is made again with more change; "auto" is four times what one takes,
        where the model knows what to expect (see `pixelguide tune`).
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
    guidance_unit: GuidanceUnit | Literal["auto"] = "auto"
    sampler: Sampler | Literal["auto"] = "auto"
    temperature: Temperature | Literal["auto"] = "auto"
    roi: RoiMode | Literal["auto"] = "auto"
    dilation: int | None = Field(None, ge=0, le=64)
    strength: float = Field(1.0, ge=0, le=1)
    detail: bool = True
    rank: Literal["likely", "agreement"] = "likely"
    max_passes: Annotated[int, Field(ge=1, le=10_000)] | Literal["auto"] = "auto"
    colours: dict[str, str] = Field(default_factory=dict)

    @field_validator("colours")
    @classmethod
    def _are_colours(cls, colours: dict[str, str]) -> dict[str, str]:
        for name, text in colours.items():
            read_colour(text, f"the colour of '{name}'")
        return colours

    def step_plan(
        self,
        start: int,
        large: bool = False,
        start_from: StartFrom = "inversion",
        usual: int | None = None,
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
        usual : int, optional
            Steps of the model's own, instead of an automatic schedule's.

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
        own = usual if self.schedule == "auto" else None
        steps, inversion = self.num_inference_steps, self.inversion_steps
        for name, chosen in (("steps", steps), ("inversion steps", inversion)):
            if chosen != "auto":
                check_steps(chosen, start, name)
        return StepPlan(
            named.sampler if self.sampler == "auto" else self.sampler,
            min(own or named.steps, start) if steps == "auto" else steps,
            min(named.inversion_steps, start) if inversion == "auto" else inversion,
            named.spacing,
        )
