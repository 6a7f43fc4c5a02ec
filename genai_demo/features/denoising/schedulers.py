"""The four samplers: which noise levels a run visits, and how it gets from one to the next.

A scheduler of the diffusers library does the arithmetic; `Chain` is one run of it. All samplers visit *trailing*
timesteps: they begin at the noisiest level, for that is what pure noise is, and are evenly spaced (Lin et al., "Common
Diffusion Noise Schedules and Sample Steps are Flawed", 2023, table 2).

    ddpm    Ho et al. 2020, eq. 7 and 11: a step of the reverse chain, with fresh noise at every step
    ddim    Song et al. 2021, "Denoising Diffusion Implicit Models", eq. 12 with σ = 0: no fresh noise
    euler   Euler's method on the same path in x0 + σ ε (Karras et al. 2022, eq. 4), which comes to the same as ddim
    dpm++   DPM-Solver++(2M) (Lu et al. 2022, algorithm 2): also looks at the step before, so fewer steps do
"""

from __future__ import annotations

from typing import Any

import torch
from diffusers import DDIMScheduler, DDPMScheduler, DPMSolverMultistepScheduler, EulerDiscreteScheduler
from diffusers.schedulers.scheduling_ddim import DDIMSchedulerOutput
from torch import Generator, Tensor

from ...checks import require_choice, require_whole

SAMPLERS = ("ddpm", "ddim", "euler", "dpm++")
MAX_STEPS = {"ddpm": 1_000, "ddim": 250, "euler": 250, "dpm++": 250}
LEAST_LAMBDA = -5.1  # DPM-Solver++ steps in λ = log(α/σ), which has no bottom on a cosine schedule


def require_steps(sampler: str, steps: int, levels: int) -> None:
    """Refuse a sampler that does not exist, and a number of steps that it cannot make on so many noise levels.

    Raises:
        InvalidParameter: the sampler or the steps, with what is allowed.
    """
    require_choice("sampler", sampler, SAMPLERS)
    require_whole("steps", steps, 1, min(MAX_STEPS[sampler], levels))


def scheduler_settings(alpha_bars: Tensor, prediction_type: str) -> dict[str, Any]:
    """What every scheduler of diffusers has to know: β_t = 1 − ᾱ_t / ᾱ_{t−1} (DDPM, section 2), and what is predicted.

    Args:
        alpha_bars: ᾱ of every noise level, nearly clean first, float64, shape (levels,).
        prediction_type: "sample" (x̂0), "epsilon" or "v_prediction".
    """
    before = torch.cat([torch.ones(1, dtype=alpha_bars.dtype), alpha_bars[:-1]])
    return {
        "num_train_timesteps": len(alpha_bars),
        "trained_betas": (1 - alpha_bars / before).tolist(),
        "prediction_type": prediction_type,
        "timestep_spacing": "trailing",
    }


def trailing_timesteps(levels: int, steps: int) -> list[int]:
    """`steps` timesteps from the noisiest one down, as evenly spaced as whole numbers are.

    The library's own list has one timestep too many, −1, at 61, 103, 121 and other counts, where adding up fractions
    goes wrong; at all others it is this one.

    Args:
        levels: how many noise levels there are.
        steps: how many of them to visit.
    """
    return [round(levels * (steps - done) / steps) - 1 for done in range(steps)]


class ExactDDIMScheduler(DDIMScheduler):
    """DDIM whose steps end where the next one begins.

    The library's class goes back levels // steps at every step. Where that is no whole number the picture is left with
    a little more noise than the network is told of, and never becomes quite clean. Elsewhere, the two are equal bit
    for bit (tested).
    """

    timesteps: Any
    alphas_cumprod: Any
    config: Any

    def step(  # type: ignore[no-untyped-def]
        self, model_output: Tensor, timestep: int, sample: Tensor, **_
    ) -> DDIMSchedulerOutput:
        """Eq. 12 with σ = 0: x_{t−1} = √ᾱ_{t−1} x̂0 + √(1−ᾱ_{t−1}) ε̂."""
        timesteps = self.timesteps.tolist()
        index = timesteps.index(int(timestep))
        following = self.alphas_cumprod[timesteps[index + 1]] if index + 1 < len(timesteps) else torch.tensor(1.0)
        x0, noise = clean_and_noise(
            self.config.prediction_type, model_output, sample, self.alphas_cumprod[int(timestep)]
        )
        return DDIMSchedulerOutput(
            prev_sample=following**0.5 * x0 + (1 - following) ** 0.5 * noise, pred_original_sample=x0
        )


def clean_and_noise(prediction_type: str, output: Tensor, x: Tensor, alpha_bar: Tensor) -> tuple[Tensor, Tensor]:
    """(x̂0, ε̂) from what the network said of `x` = α x0 + σ ε, with α = √ᾱ and σ = √(1−ᾱ).

    * sample: the output is x̂0, and ε̂ = (x − α x̂0) / σ
    * epsilon: the output is ε̂, and x̂0 = (x − σ ε̂) / α (DDPM, eq. 15)
    * v_prediction: x̂0 = α x − σ v and ε̂ = σ x + α v (Salimans & Ho 2022, appendix D)
    """
    alpha, sigma = alpha_bar**0.5, (1 - alpha_bar) ** 0.5
    match prediction_type:
        case "sample":
            return output, (x - alpha * output) / sigma
        case "epsilon":
            return (x - sigma * output) / alpha, output
        case "v_prediction":
            return alpha * x - sigma * output, alpha * output + sigma * x
    raise ValueError(f"unknown prediction type: {prediction_type}")


def as_prediction(prediction_type: str, x0: Tensor, x: Tensor, alpha_bar: Tensor) -> Tensor:
    """The output with which the network would have said x̂0 = `x0`: the way back from `clean_and_noise`."""
    alpha, sigma = alpha_bar**0.5, (1 - alpha_bar) ** 0.5
    match prediction_type:
        case "sample":
            return x0
        case "epsilon":
            return (x - alpha * x0) / sigma
        case "v_prediction":
            return (alpha * x - x0) / sigma
    raise ValueError(f"unknown prediction type: {prediction_type}")


class Chain:
    """One run of a sampler, with a scheduler of its own.

    The schedulers keep pictures in units of their own; what this class calls `x` is always x_t = √ᾱ x0 + √(1−ᾱ) ε, as
    it is in the papers and on the page. `state` is what the scheduler holds: Euler's is x0 + σ ε = x_t √(1+σ²), with
    ᾱ = 1/(1+σ²).

    Args:
        sampler: one of `SAMPLERS`.
        steps: how many; `require_steps` has allowed them.
        alpha_bars, prediction_type: the model's.
    """

    def __init__(self, sampler: str, steps: int, alpha_bars: Tensor, prediction_type: str) -> None:
        self.scheduler = make_scheduler(sampler, steps, scheduler_settings(alpha_bars, prediction_type))
        self.timesteps = [int(timestep) for timestep in self.scheduler.timesteps]
        self._scaled = sampler == "euler"
        if self._scaled:
            self.alpha_bars = 1 / (1 + self.scheduler.sigmas**2)
        else:
            self.alpha_bars = torch.cat([self.scheduler.alphas_cumprod[self.timesteps], torch.ones(1)])

    def begin(self, noise: Tensor) -> Tensor:
        """The state before the first step."""
        state: Tensor = noise * self.scheduler.init_noise_sigma
        return state

    def x(self, index: int, state: Tensor) -> Tensor:
        """x_t before step `index`, which is also what the network reads; at `index` = steps, the finished picture."""
        scaled: Tensor = state / (self.scheduler.sigmas[index] ** 2 + 1) ** 0.5 if self._scaled else state
        return scaled

    def step(self, index: int, output: Tensor, state: Tensor, generators: list[Generator]) -> Tensor:
        """The state after step `index`, at which the network said `output`. Fresh noise comes from `generators`."""
        if self._scaled:
            self.scheduler.is_scale_input_called = True  # `x` has scaled it
        after: Tensor = self.scheduler.step(
            output, self.scheduler.timesteps[index], state, generator=generators
        ).prev_sample
        return after


def make_scheduler(sampler: str, steps: int, settings: dict[str, Any]) -> Any:
    """A scheduler of diffusers, ready for a run. It clips nothing: who knows what a picture can be does that before."""
    levels = int(settings["num_train_timesteps"])
    scheduler: Any
    match sampler:
        case "ddpm":
            scheduler = DDPMScheduler(**settings, clip_sample=False)  # type: ignore[no-untyped-call]
        case "ddim":
            scheduler = ExactDDIMScheduler(**settings, clip_sample=False)  # type: ignore[no-untyped-call]
            scheduler.num_inference_steps = steps
            scheduler.timesteps = torch.tensor(trailing_timesteps(levels, steps))
            return scheduler
        case "euler":
            scheduler = EulerDiscreteScheduler(**settings)  # type: ignore[no-untyped-call]
        case "dpm++":
            scheduler = DPMSolverMultistepScheduler(**settings)  # type: ignore[no-untyped-call]
            levels = max(steps, int((scheduler.lambda_t >= LEAST_LAMBDA).sum()))
    scheduler.set_timesteps(timesteps=trailing_timesteps(levels, steps))
    return scheduler
