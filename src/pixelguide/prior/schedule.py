"""The noise schedule, full or respaced, and every formula that needs only the schedule."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

import torch
from torch import Tensor

from pixelguide.devices import sent
from pixelguide.errors import InputError
from pixelguide.prior.foreign_numbers import check_numbers

_AGAIN = "Fetch the model again."


@dataclass(frozen=True)
class Schedule:
    """Noise levels of a diffusion process, as DDPM (Ho et al. 2020, arXiv 2006.11239) defines them.

    timesteps: int64 n, ascending, the network's own t for each level.
    alpha_bar: float64 n, cumulative product of 1 - beta at these levels.
    fixed_variance: Σ of networks that do not learn it: "small" is beta-tilde, "large" beta (DDPM,
    sec. 3.2).

    A level is addressed by its position i in 0 … n-1. On the full schedule the position is t; on a
    respaced one the betas follow from the levels that are left, as in Nichol & Dhariwal 2021
    (arXiv 2102.09672), so that the same formulas hold. Below the first level lies the clean image,
    with alpha_bar = 1.
    """

    timesteps: Tensor
    alpha_bar: Tensor
    fixed_variance: Literal["small", "large"] = "small"

    @classmethod
    def linear(
        cls, num_train_timesteps: int = 1000, beta_start: float = 1e-4, beta_end: float = 0.02
    ) -> Schedule:
        """The full linear schedule (DDPM and ADM: T = 1000, beta from 1e-4 to 0.02)."""
        betas = torch.linspace(beta_start, beta_end, num_train_timesteps, dtype=torch.float64)
        return cls(torch.arange(num_train_timesteps), torch.cumprod(1 - betas, 0))

    @classmethod
    def from_scheduler(cls, scheduler: Any) -> Schedule:
        """The full schedule of a diffusers scheduler, multiplied up anew in float64.

        Raises InputError for kinds of variance that no formula here stands for.
        """
        return cls._of(scheduler.betas, str(scheduler.config.get("variance_type", "fixed_small")))

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Schedule | None:
        """As `from_scheduler`, from the content of `scheduler_config.json`, without diffusers; None
        for levels that have no formula here. Raises InputError as it does, and ValueError for
        more levels than any schedule has."""
        check_numbers(config)
        betas = _betas(config)
        kind = str(config.get("variance_type", "fixed_small"))
        return None if betas is None else cls._of(betas, kind)

    @classmethod
    def _of(cls, betas: Tensor, kind: str) -> Schedule:
        if kind.removesuffix("_log") not in ("fixed_small", "fixed_large", "learned_range"):
            raise InputError(f"variance_type '{kind}'", "scheduler_config.json", "Not supported.")
        if not ((betas > 0) & (betas <= 1)).all() or len(betas) == 0:  # neither is a NaN
            raise InputError("levels of noise outside 0 … 1", "scheduler_config.json", _AGAIN)
        alpha_bar = torch.cumprod(1 - betas.to(torch.float64), 0)
        fixed: Literal["small", "large"] = "large" if kind.startswith("fixed_large") else "small"
        return cls(torch.arange(len(alpha_bar)), alpha_bar, fixed)

    def respaced(self, timesteps: Sequence[int]) -> Schedule:
        """The process that visits only `timesteps` (ascending, all of them in this schedule)."""
        wanted = torch.tensor(list(timesteps), dtype=torch.int64)
        known = {int(t): i for i, t in enumerate(self.timesteps)}
        if len(wanted) == 0 or (wanted.diff() <= 0).any():
            raise InputError("timesteps do not ascend", hint="Give each once, in order.")
        if any(int(t) not in known for t in wanted):
            raise InputError(f"timesteps beyond 0 … {int(self.timesteps[-1])}", "schedule")
        alpha_bar = self.alpha_bar[[known[int(t)] for t in wanted]]
        return Schedule(wanted, alpha_bar, self.fixed_variance)

    def to(self, device: torch.device | str) -> Schedule:
        """This schedule with its levels on `device`, which must have float64: for levels that are
        on it too, a look-up then waits for nothing."""
        return replace(self, alpha_bar=self.alpha_bar.to(device))

    def __len__(self) -> int:
        return len(self.timesteps)

    @property
    def alpha_bar_before(self) -> Tensor:
        """float64 n: alpha_bar one level nearer to the clean image; 1 at the first."""
        return torch.cat([self.alpha_bar.new_ones(1), self.alpha_bar[:-1]])

    @property
    def betas(self) -> Tensor:
        """float64 n: 1 - alpha_bar_i / alpha_bar_{i-1}."""
        return 1 - self.alpha_bar / self.alpha_bar_before

    @property
    def posterior_variance(self) -> Tensor:
        """float64 n: beta-tilde, the variance of q(x_{t-1} | x_t, x_0) (DDPM eq. 7).

        The first is 0 by the formula; as in Nichol & Dhariwal 2021 it is replaced by the second so
        that its logarithm exists.
        """
        variance = self.betas * (1 - self.alpha_bar_before) / (1 - self.alpha_bar)
        if len(variance) > 1:
            return torch.cat([variance[1:2], variance[1:]])
        return self.betas

    def _at(self, values: Tensor, i: Tensor, like: Tensor) -> Tensor:
        """Pick level i of each batch element, in the dtype of `like`, ready to broadcast.

        The cast comes last: 1 - ᾱ loses half its digits in float32 near the clean image.
        """
        # and on the CPU, since not every device has float64
        picked = values[i.to(values.device)].to(like.dtype)
        picked = sent(picked, like.device)
        return picked.reshape(-1, *[1] * (like.ndim - 1))

    def add_noise(self, x_0: Tensor, eps: Tensor, i: Tensor) -> Tensor:
        """x_t = √ᾱ_t x_0 + √(1-ᾱ_t) ε (Matsunaga et al. 2022, eq. 6). i: int64 N, levels."""
        signal, noise = self.alpha_bar.sqrt(), (1 - self.alpha_bar).sqrt()
        return self._at(signal, i, x_0) * x_0 + self._at(noise, i, x_0) * eps

    def add_noise_before(self, x_0: Tensor, eps: Tensor, i: Tensor) -> Tensor:
        """x_{t-1} from x_0, one level below i (eq. 10); at the first level x_0 itself."""
        signal, noise = self.alpha_bar_before.sqrt(), (1 - self.alpha_bar_before).sqrt()
        return self._at(signal, i, x_0) * x_0 + self._at(noise, i, x_0) * eps

    def predict_x_0(self, x_t: Tensor, eps: Tensor, i: Tensor) -> Tensor:
        """f_θ = (x_t - √(1-ᾱ_t) ε) / √ᾱ_t."""
        signal, noise = self.alpha_bar.sqrt(), (1 - self.alpha_bar).sqrt()
        return (x_t - self._at(noise, i, x_t) * eps) / self._at(signal, i, x_t)

    def predict_eps(self, x_t: Tensor, x_0: Tensor, i: Tensor) -> Tensor:
        """The ε for which `predict_x_0` gives x_0."""
        signal, noise = self.alpha_bar.sqrt(), (1 - self.alpha_bar).sqrt()
        return (x_t - self._at(signal, i, x_t) * x_0) / self._at(noise, i, x_t)

    def from_velocity(self, x_t: Tensor, velocity: Tensor, i: Tensor) -> tuple[Tensor, Tensor]:
        """ε and x_0 from v = √ᾱ_t ε - √(1-ᾱ_t) x_0 (Salimans & Ho 2022, arXiv 2202.00512)."""
        signal = self._at(self.alpha_bar.sqrt(), i, x_t)
        noise = self._at((1 - self.alpha_bar).sqrt(), i, x_t)
        return signal * velocity + noise * x_t, signal * x_t - noise * velocity

    def posterior_mean(self, x_t: Tensor, x_0: Tensor, i: Tensor) -> Tensor:
        """Mean of q(x_{t-1} | x_t, x_0) (DDPM eq. 7)."""
        alpha_bar, before, betas = self.alpha_bar, self.alpha_bar_before, self.betas
        on_x_0 = before.sqrt() * betas / (1 - alpha_bar)
        on_x_t = (1 - betas).sqrt() * (1 - before) / (1 - alpha_bar)
        return self._at(on_x_0, i, x_t) * x_0 + self._at(on_x_t, i, x_t) * x_t

    def log_variance(self, v: Tensor | None, i: Tensor, like: Tensor) -> Tensor:
        """log Σ_θ from the network's variance output v in [-1, 1] ("learned range").

        v = -1 means beta-tilde, v = 1 means beta (Nichol & Dhariwal 2021, eq. 15). With v = None,
        for networks without learned variance, the one that `fixed_variance` names.
        """
        low = self._at(self.posterior_variance.log(), i, like)
        high = self._at(self.betas.log(), i, like)
        if v is None:
            return (low if self.fixed_variance == "small" else high).expand_as(like)
        fraction = (v + 1) / 2
        return fraction * high + (1 - fraction) * low

    def ddim_step(self, x_0: Tensor, eps: Tensor, i: Tensor) -> Tensor:
        """x_{t-1} = √ᾱ_{t-1} f_θ + √(1-ᾱ_{t-1}) ε_θ (DDIM with η = 0; eq. 2)."""
        return self.add_noise_before(x_0, eps, i)


def _betas(config: Mapping[str, Any]) -> Tensor | None:
    """float32 T: β of each level, as diffusers' `DDPMScheduler` has them to the last bit; None for
    kinds that are known to it alone."""
    if config.get("rescale_betas_zero_snr"):
        return None
    if (given := config.get("trained_betas")) is not None:
        return torch.tensor(given, dtype=torch.float32)
    count = config.get("num_train_timesteps", 1000)
    first, last = config.get("beta_start", 1e-4), config.get("beta_end", 0.02)
    kind = config.get("beta_schedule")
    if kind == "linear":
        return torch.linspace(first, last, count, dtype=torch.float32)
    if kind == "scaled_linear":
        return torch.linspace(first**0.5, last**0.5, count, dtype=torch.float32).square()
    if kind == "sigmoid":
        rising = torch.sigmoid(torch.linspace(-6, 6, count))
        return rising.mul(last - first).add(first)
    if kind == "squaredcos_cap_v2":  # Nichol & Dhariwal 2021, eq. 17

        def alpha_bar(share: float) -> float:
            return math.cos((share + 0.008) / 1.008 * math.pi / 2) ** 2

        shares = [t / count for t in range(count + 1)]
        ratios = [alpha_bar(after) / alpha_bar(before) for before, after in pairwise(shares)]
        return torch.tensor([min(1 - ratio, 0.999) for ratio in ratios])
    return None


Spacing = Literal["linspace", "trailing"]


def spaced_timesteps(start: int, steps: int, spacing: Spacing = "linspace") -> tuple[int, ...]:
    """`steps` timesteps spread evenly over 0 … start-1, ascending, the noisiest included.

    A start of t0 means t0 levels of noise, the noisiest being t = t0 - 1. spacing, by diffusers'
    names: "linspace" includes t = 0 (respacing of Nichol & Dhariwal 2021, sec. 4); "trailing"
    leaves out all below its first step, and with it a pass that has next to no noise to remove (Lin
    et al. 2024, arXiv 2305.08891). When `steps` exceeds what there is, every timestep is visited
    once.
    """
    if steps < 2 or start < 2:
        raise InputError(f"{steps} steps from start {start}", hint="Both must be at least 2.")
    count = min(steps, start)
    first = 0.0 if spacing == "linspace" else start / count - 1
    return tuple(
        int(t) for t in torch.linspace(first, start - 1, count, dtype=torch.float64).round()
    )
