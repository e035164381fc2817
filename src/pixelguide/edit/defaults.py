"""A category's automatic settings: what is chosen for edits that leave it open."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from pixelguide.checked import Checked
from pixelguide.edit.settings import EditSettings, StartFrom, Steps, Temperature
from pixelguide.errors import InputError
from pixelguide.guidance.schedules import GuidanceUnit
from pixelguide.guidance.start import check_start

Channel = Annotated[int, Field(ge=0, le=255)]
Share = Annotated[float, Field(ge=0, le=1)]


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
    guidance_unit : "gradient" or "noise"
        What both scales multiply, see `EditSettings`.
    start_from : "inversion" or "colours"
        Where the steps of an edit begin.
    temperature : float
        A factor of all noise of edits from colours, 0 … 2.
    large_start_from, large_temperature : as above, optional
        The same of edits of large regions; by default as of small ones.
    small_steps, large_steps : int, optional
        Guided steps of either, 2 … 1000, where the schedule's are not wanted.
    expected : dict of str to float
        The accuracy in the region, by f_multi, that edits of "small" and "large" regions should
        reach: those below it are made again with more strength (see `edit.watching`).
    tuned : dict, optional
        How these settings were chosen, by `pixelguide tune`.
    colours : dict of str to (int, int, int)
        RGB of classes, 0 … 255, for those that a picture does not show but an edit begins with.
    """

    small_roi: int = Field(5000, ge=0)
    small_start: int = Field(500, ge=2, le=1000)
    small_scale: float = Field(100.0, ge=0)
    large_start: int = Field(750, ge=2, le=1000)
    large_scale: float = Field(40.0, ge=0)
    dilation: int = Field(3, ge=0, le=64)
    guidance_unit: GuidanceUnit = "gradient"
    start_from: StartFrom = "inversion"
    temperature: Temperature = 1.0
    large_start_from: StartFrom | None = None
    large_temperature: Temperature | None = None
    small_steps: Steps | None = None
    large_steps: Steps | None = None
    expected: dict[Literal["small", "large"], Share] = Field(default_factory=dict)
    tuned: dict[str, Any] | None = None
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

    def start_of(self, large: bool) -> StartFrom:
        """Tell where edits of large or small regions begin.

        Parameters
        ----------
        large : bool
            Whether the region is a large one.

        Returns
        -------
        "inversion" or "colours"
            Where the steps begin.
        """
        return (self.large_start_from if large else None) or self.start_from

    def temperature_of(self, large: bool) -> float:
        """Tell the factor of all noise of edits from colours.

        Parameters
        ----------
        large : bool
            Whether the region is a large one.

        Returns
        -------
        float
            The factor.
        """
        own = self.large_temperature if large else None
        return self.temperature if own is None else own

    def steps_of(self, large: bool, start_from: StartFrom) -> int | None:
        """Tell how many guided steps the category has chosen for itself.

        Parameters
        ----------
        large : bool
            Whether the region is a large one.
        start_from : "inversion" or "colours"
            Where the edit begins; the steps were chosen for the category's own start.

        Returns
        -------
        int or None
            The steps; None where a schedule decides.
        """
        if start_from != self.start_of(large):
            return None
        return self.large_steps if large else self.small_steps

    def unit(self, settings: EditSettings) -> GuidanceUnit:
        """Choose what the scale of an edit multiplies.

        Parameters
        ----------
        settings : EditSettings
            What the user chose.

        Returns
        -------
        "gradient" or "noise"
            What was chosen; else this category's own for its own scale, the paper's for another.
        """
        if settings.guidance_unit != "auto":
            return settings.guidance_unit
        return self.guidance_unit if settings.guidance_scale == "auto" else "gradient"

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
