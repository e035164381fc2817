"""Settings of a prior's training."""

from __future__ import annotations

from dataclasses import dataclass

from pixelguide.prior.augmentation import OVERSAMPLING, Augmentation


@dataclass(frozen=True)
class PriorTraining:
    """Settings of a prior's training, with the reason beside each value."""

    images: int = 500_000  # pictures to see; a small category looks right from about 100 k on
    minutes: float | None = None  # end this run by then, for a machine that is lent for so long
    batch_size: int = 16  # on few cores many small steps learn more per hour than few large ones
    learning_rate: float = 8e-4  # small networks on short trainings bear eight times ADM's 1e-4
    warmup_images: int = 8_000  # Adam's second moments settle before full steps are taken
    cooldown: float = 0.25  # share of the images, at the end, over which the rate falls to zero
    ema_decay: float = 0.999  # averages over the last 1,000 steps once warmed up
    clip_norm: float = 1.0  # a rare bad batch costs one step instead of the run
    flip: bool = True  # mirror half of the pictures
    augmentation: Augmentation | None = None  # some thousand pictures would be learnt by heart
    shift_noise: bool = False  # half of the timesteps as noisy for a larger picture as at 64²
    held_out: int = 256  # pictures never trained on, for the loss that is reported
    checkpoint_images: int = 10_000  # a kill costs at most this many
    mixed_precision: str = "no"  # or bf16, fp16; "auto": bf16 where the processor multiplies it
    compile: bool = False  # takes minutes to start, then saves about a third
    seed: int = 0

    def picture_size(self, size: int) -> int:
        """Side in pixels at which pictures are read for a network of `size`."""
        return size * OVERSAMPLING if self.augmentation else size
