"""Step 3 of 3, reinforcement learning: `python -m genai_demo.training.rlhf.rl --help`.

The tuned model answers, the reward model judges, and what was better than expected is made likelier. The objective is
that of Ouyang et al. 2022 (arXiv:2203.02155, equation 2, without its pre-training term), for one answer y to a prompt x

    R(x, y) = r(x, y) − c · (rules that y breaks) − β · log(π_θ(y | x) / π_sft(y | x))

The middle term is not theirs: what a program can verify (`rules`: did it end, follow the instruction, decline what is
harmful and nothing else, ...) need not be left to a small reward model, which often cannot see it (rewards by rule:
Glaese et al. 2022, arXiv:2209.14375; verifiable rewards: Lambert et al. 2024, "Tülu 3", arXiv:2411.15124). The last
term, the divergence from the model it began as, keeps the answers sensible: where the reward model has never been, its
judgement is worth nothing. The gradient is REINFORCE with a leave-one-out baseline (RLOO; Ahmadian et al. 2024, "Back
to Basics", arXiv:2402.14740): of k answers to the same prompt, each is compared with the others' mean,

    1/k · Σ_i [ R(x, y_i) − 1/(k−1) · Σ_{j≠i} R(x, y_j) ] · ∇ log π_θ(y_i | x)
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from ...datasets.conversations.demonstrations import FOLDER
from ...datasets.conversations.prompts import PROMPTS, Prompt, load_prompts
from ...models.chat import ChatTemplate, LabelledIds, Message
from ...models.device import choose_device
from ..runs import (
    LOG,
    Limits,
    add_run_arguments,
    hardware,
    load_checkpoint,
    require_same_recipe,
    seed_of_step,
    train,
)
from .adapters import Lora, Stages, load_base, write_about
from .answers import Answer, Drawing, draw_many
from .conversation import conversation
from .likelihood import add_gradient, batch_of, log_probabilities
from .reward import STAGE as REWARD
from .reward import RewardModel
from .rules import broken_rules
from .sft import STAGE as SFT
from .sft import numbers_of_batch

STAGE = "rlhf"
ROWS = 16  # answers that go through the model together while it learns
FIXED_PROMPTS = 8

Judge = Callable[[Sequence[LabelledIds]], Tensor]  # rewards of conversations, (B,)


@dataclass(frozen=True)
class Recipe:
    """How to train. `beta` is in standard deviations of the reward per nat, `rule_penalty` in the same per rule."""

    steps: int = 50
    prompts: int = 16  # a step
    samples: int = 4  # k, answers to each of them
    beta: float = 0.1
    rule_penalty: float = 2.0  # c, for each rule that an answer breaks
    learning_rate: float = 1e-4
    warm_up: int = 5  # steps
    max_new_tokens: int = 100
    examine_every: int = 10
    rank: int = 16
    seed: int = 0


@dataclass(frozen=True)
class Rollout:
    """Answers of one step: P prompts, k answers each, so B = P · k, those to one prompt side by side."""

    answers: list[Answer]
    sequences: list[LabelledIds]  # B: prompt and answer as they were read and written
    rewards: Tensor  # (B,), by the judge
    broken: Tensor  # (B,): how many rules each breaks
    divergences: Tensor  # (B,): log π_θ(y | x) − log π_sft(y | x), in nats
    entropies: Tensor  # (N,), of the N tokens of all answers, in nats


def leave_one_out(returns: Tensor) -> Tensor:
    """Each return minus the mean of the others to the same prompt: (P, k) → (P, k). Every row sums to zero.

    Raises:
        ValueError: k < 2, so that there are no others.
    """
    count = returns.shape[1]
    if count < 2:
        raise ValueError("a leave-one-out baseline needs at least 2 answers to a prompt")
    others = (returns.sum(1, keepdim=True) - returns) / (count - 1)
    return returns - others


class RlTrainer:
    """The last stage in training.

    Args:
        stages: the base model with the tuned stage `sft`, whose copy learns.
        template: how conversations are written in token ids.
        prompts: to answer.
        judge: gives rewards.
        recipe: how.
        folder: for the adapter's weights as they were at every examination.
    """

    def __init__(
        self,
        stages: Stages,
        template: ChatTemplate,
        prompts: Sequence[Prompt],
        judge: Judge,
        recipe: Recipe,
        folder: Path,
    ) -> None:
        self.stages, self.template, self.judge = stages, template, judge
        self.recipe, self.folder = recipe, folder
        self.prompts = list(prompts)
        self.ids = [template.prompt_ids([Message("user", one.prompt)]) for one in prompts]
        stages.copy(STAGE, SFT, Lora(rank=recipe.rank))
        self.parameters = stages.trainable(STAGE)
        self.optimizer = torch.optim.AdamW(self.parameters, recipe.learning_rate, weight_decay=0.0)
        self.examine_every = recipe.examine_every
        self.steps = recipe.steps
        self.step = 0

    def learn(self) -> dict[str, Any]:
        """One step: answer, judge, compare, and follow the gradient once."""
        recipe = self.recipe
        rollout = self.roll_out()
        returns = rollout.rewards - recipe.rule_penalty * rollout.broken - recipe.beta * rollout.divergences
        advantages = leave_one_out(returns.view(-1, recipe.samples)).flatten()
        rate = recipe.learning_rate * min(1.0, (self.step + 1) / recipe.warm_up)
        self.optimizer.param_groups[0]["lr"] = rate
        self.optimizer.zero_grad()
        self.add_policy_gradient(rollout.sequences, advantages)
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        self.step += 1
        lengths = [len(answer.ids) for answer in rollout.answers]
        return {
            "reward": rollout.rewards.mean().item(),
            "return": returns.mean().item(),
            "kl": rollout.divergences.mean().item(),
            "kl_per_token": rollout.divergences.sum().item() / sum(lengths),
            "entropy": rollout.entropies.mean().item(),
            "length": sum(lengths) / len(lengths),
            "broken_rules": rollout.broken.mean().item(),
            "ended": sum(answer.ended for answer in rollout.answers) / len(lengths),
            "gradient_norm": norm.item(),
            "rate": rate,
        }

    def roll_out(self) -> Rollout:
        """Answers of the model as it is now, drawn at temperature 1 so that they follow π_θ itself."""
        recipe = self.recipe
        lengths = [len(ids) for ids in self.ids]
        numbers = numbers_of_batch(lengths, recipe.prompts, recipe.seed, self.step)
        asked = [number for number in numbers for _ in range(recipe.samples)]
        drawing = Drawing(temperature=1.0, max_new_tokens=recipe.max_new_tokens)
        answers = self._draw(asked, drawing, seed_of_step(recipe.seed, self.step))
        sequences = [answer.after(self.ids[number]) for answer, number in zip(answers, asked, strict=True)]
        divergences = torch.zeros(len(sequences), device=self.stages.device)
        entropies = []
        for part in parts_of_similar_length(sequences):
            batch = batch_of([sequences[index] for index in part], self.stages.device)
            now, entropy = log_probabilities(self.stages.network, batch)
            with self.stages.through(SFT):
                before, _ = log_probabilities(self.stages.network, batch)
            divergences[part] = batch.per_row(now - before)
            entropies.append(entropy)
        rewards, broken = self._rewards(asked, answers), self._broken(asked, answers)
        return Rollout(answers, sequences, rewards, broken, divergences, torch.cat(entropies))

    def add_policy_gradient(self, sequences: Sequence[LabelledIds], advantages: Tensor) -> None:
        """Add the gradient of −1/B · Σ_i advantages[i] · log π_θ(y_i | x_i): every token counts as its answer does."""
        for part in parts_of_similar_length(sequences):
            batch = batch_of([sequences[index] for index in part], self.stages.device)
            add_gradient(self.stages.network, batch, advantages[part][batch.rows] / len(sequences))

    def examine(self) -> dict[str, Any]:
        """The likeliest answers to a few fixed prompts, and their rewards; the weights are kept."""
        self.folder.mkdir(parents=True, exist_ok=True)
        half = {name: weight.half().cpu().contiguous() for name, weight in self.stages.weights(STAGE).items()}
        save_file(half, snapshot(self.folder, self.step), metadata={"format": "pt"})
        fixed = list(range(0, len(self.prompts), max(1, len(self.prompts) // FIXED_PROMPTS)))[:FIXED_PROMPTS]
        answers = self._draw(fixed, Drawing(temperature=0.0, max_new_tokens=self.recipe.max_new_tokens), seed=0)
        rewards = self._rewards(fixed, answers)
        shown = [
            {"id": self.prompts[number].id, "text": answer.text, "reward": round(reward, 3), "ended": answer.ended}
            for number, answer, reward in zip(fixed, answers, rewards.tolist(), strict=True)
        ]
        return {"fixed_reward": rewards.mean().item(), "samples": shown}

    def _draw(self, numbers: Sequence[int], drawing: Drawing, seed: int) -> list[Answer]:
        ids = [self.ids[number] for number in numbers]
        return draw_many(self.stages.network, self.template, ids, [drawing] * len(ids), seed, rows=64)

    def _rewards(self, numbers: Sequence[int], answers: Sequence[Answer]) -> Tensor:
        pairs = zip(numbers, answers, strict=True)
        return self.judge(
            [conversation(self.template, self.prompts[number].prompt, one.text, one.ended) for number, one in pairs]
        )

    def _broken(self, numbers: Sequence[int], answers: Sequence[Answer]) -> Tensor:
        counts = [
            len(broken_rules(self.prompts[number], one.text, one.ended))
            for number, one in zip(numbers, answers, strict=True)
        ]
        return torch.tensor(counts, dtype=torch.float32, device=self.stages.device)

    def state(self) -> dict[str, Any]:
        """Adapter, optimiser and step; prompts and draws follow from the seed and the step."""
        return {
            "recipe": asdict(self.recipe),
            "adapter": self.stages.weights(STAGE),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state` of the same recipe, except that there may be more steps."""
        require_same_recipe(state["recipe"] | {"steps": self.recipe.steps}, asdict(self.recipe))
        self.stages.load_weights(STAGE, state["adapter"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]


def parts_of_similar_length(sequences: Sequence[LabelledIds]) -> list[list[int]]:
    """The places of `sequences`, sorted by length and cut into parts of `ROWS`."""
    order = sorted(range(len(sequences)), key=lambda index: len(sequences[index].ids))
    return [order[start : start + ROWS] for start in range(0, len(order), ROWS)]


def snapshot(folder: Path, step: int) -> Path:
    """Where the adapter's weights after `step` are kept."""
    return folder / f"adapter-{step:05d}.safetensors"


def export(trainer: RlTrainer, folder: Path, target: Path, step: int, *, weights: bool = True) -> None:
    """Write what the app ships: the adapter as it was after `step`, how it was made, and the whole log.

    Without `weights` there is no adapter: of a run that over-optimises on purpose, the log is the lesson.

    Raises:
        FileNotFoundError: there was no examination after that step.
    """
    target.mkdir(parents=True, exist_ok=True)
    if weights:
        trainer.stages.export(STAGE, target, weights=load_file(snapshot(folder, step)))
    shutil.copy(folder / LOG, target / LOG)
    saved = load_checkpoint(folder, trainer.stages.device)
    about = {
        "stage": STAGE,
        "prompts": len(trainer.prompts),
        "steps": step,
        "steps_of_the_log": trainer.step,
        "hours": round(saved["hours"], 2) if saved else 0.0,
        "hardware": hardware(trainer.stages.device),
        "recipe": asdict(trainer.recipe),
    }
    write_about(target, about)


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m genai_demo.training.rlhf.rl",
        description="Reinforcement learning of the tuned model against the reward model. Run the same command again to "
        "go on after a stop. Read the samples in the log: before the answers begin to please the reward model alone, "
        "stop, and export an earlier step.",
        epilog="%(prog)s runs/rl  |  %(prog)s runs/rl --minutes 0 --export assets/rlhf/rlhf --at-step 20",
    )
    recipe = Recipe()
    add = parser.add_argument
    add_run_arguments(parser)
    add("--at-step", type=int, help="export the weights of this step, one that was examined (default: the last)")
    add("--log-only", action="store_true", help="export log and recipe, without the weights")
    add("--sft", type=Path, default=FOLDER / SFT, help="the tuned model to begin with (default: the shipped one)")
    add("--reward", type=Path, default=FOLDER / REWARD, help="the reward model (default: the shipped one)")
    add("--prompts-file", type=Path, default=PROMPTS, help="default: those of the project")
    add("--steps", type=int, default=recipe.steps, help="in all (default: %(default)s)")
    add("--prompts", type=int, default=recipe.prompts, help="a step (default: %(default)s)")
    add("--samples", type=int, default=recipe.samples, help="answers to each prompt (default: %(default)s)")
    add("--beta", type=float, default=recipe.beta, help="price of a nat of divergence (default: %(default)s)")
    add("--rule-penalty", type=float, default=recipe.rule_penalty, help="for each broken rule (default: %(default)s)")
    add("--learning-rate", type=float, default=recipe.learning_rate, help="AdamW's (default: %(default)s)")
    add("--max-new-tokens", type=int, default=recipe.max_new_tokens, help="of an answer (default: %(default)s)")
    add("--examine-every", type=int, default=recipe.examine_every, help="steps (default: %(default)s)")
    add("--seed", type=int, default=recipe.seed, help="of prompts and draws (default: %(default)s)")
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None) -> None:
    """Train, or go on training, as the command line says."""
    arguments = _arguments(words)
    torch.set_num_threads(arguments.threads)
    device = choose_device(arguments.device)
    network, template = load_base(arguments.model, device)
    stages = Stages(network)
    stages.read(SFT, arguments.sft)
    judge = RewardModel.read(stages, arguments.reward)
    recipe = Recipe(
        steps=arguments.steps,
        prompts=arguments.prompts,
        samples=arguments.samples,
        beta=arguments.beta,
        rule_penalty=arguments.rule_penalty,
        learning_rate=arguments.learning_rate,
        max_new_tokens=arguments.max_new_tokens,
        examine_every=arguments.examine_every,
        seed=arguments.seed,
    )
    prompts = load_prompts(arguments.prompts_file)["rl"]
    trainer = RlTrainer(stages, template, prompts, judge.rewards, recipe, arguments.folder)
    done = train(trainer, arguments.folder, device, Limits(arguments.minutes, arguments.checkpoint_minutes))
    if arguments.export and (done or arguments.at_step is not None):
        step = trainer.step if arguments.at_step is None else arguments.at_step
        export(trainer, arguments.folder, arguments.export, step, weights=not arguments.log_only)


if __name__ == "__main__":
    main()
