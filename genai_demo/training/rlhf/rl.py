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

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from ...datasets.conversations.demonstrations import FOLDER
from ...datasets.conversations.prompts import PROMPTS, Prompt, load_prompts
from ...models.chat import ChatTemplate, LabelledIds, Message
from ..options import Option, read_command
from ..runs import Run, export_record, seed_of_step, train
from .adapters import AdapterTrainer, Base, Lora, Stages
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

    steps: Annotated[int, Option("in all", may_change=True)] = 50
    prompts: Annotated[int, Option("a step")] = 16
    samples: Annotated[int, Option("answers to each prompt")] = 4
    beta: Annotated[float, Option("price of a nat of divergence")] = 0.1
    rule_penalty: Annotated[float, Option("c, for each rule that an answer breaks")] = 2.0
    learning_rate: Annotated[float, Option("AdamW's")] = 1e-4
    warm_up: int = 5  # steps
    max_new_tokens: Annotated[int, Option("of an answer")] = 100
    examine_every: Annotated[int, Option("steps")] = 10
    rank: int = 16
    seed: Annotated[int, Option("of prompts and draws")] = 0


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


class RlTrainer(AdapterTrainer):
    """The last stage in training.

    Args:
        stages: the base model with the tuned stage `sft`, whose copy learns.
        template: how conversations are written in token ids.
        prompts: to answer.
        judge: gives rewards.
        recipe: how.
        folder: for the adapter's weights as they were at every examination.
    """

    stage = STAGE

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
        self.total = recipe.steps
        self.step = 0

    def start(self, *, new: bool) -> dict[str, Any]:
        """What the model answers before it has learned anything."""
        return self.examine() if new else {}

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

    def is_due(self) -> bool:
        """Every so many steps, and after the last."""
        return self.step % self.recipe.examine_every == 0 or self.step == self.total

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
    facts = {
        "stage": STAGE,
        "prompts": len(trainer.prompts),
        "steps": step,
        "steps_of_the_log": trainer.step,
    }
    export_record(trainer, folder, target, facts, trainer.stages.device)


@dataclass(frozen=True)
class Command(Run):
    """What can be said on the command line."""

    at_step: Annotated[
        int | None, Option("export the weights of this step, one that was examined (default: the last)")
    ] = None
    log_only: Annotated[bool, Option("export log and recipe, without the weights")] = False
    sft: Annotated[Path, Option("the tuned model to begin with (default: the shipped one)")] = FOLDER / SFT
    reward: Annotated[Path, Option("the reward model (default: the shipped one)")] = FOLDER / REWARD
    prompts_file: Annotated[Path, Option("default: those of the project")] = PROMPTS
    recipe: Recipe = field(default_factory=Recipe)
    base: Base = field(default_factory=Base)


def main(words: Sequence[str] | None = None) -> None:
    """Train, or go on training, as the command line says."""
    command = read_command(
        Command,
        words,
        prog="python -m genai_demo.training.rlhf.rl",
        description="Reinforcement learning of the tuned model against the reward model. Run the same command again to "
        "go on after a stop. Read the samples in the log: before the answers begin to please the reward model alone, "
        "stop, and export an earlier step.",
        epilog="%(prog)s runs/rl  |  %(prog)s runs/rl --minutes 0 --export assets/rlhf/rlhf --at-step 20",
    )
    stages, template = command.base.load()
    stages.read(SFT, command.sft)
    judge = RewardModel.read(stages, command.reward)
    prompts = load_prompts(command.prompts_file)["rl"]
    trainer = RlTrainer(stages, template, prompts, judge.rewards, command.recipe, command.folder)
    done = train(trainer, command.folder, stages.device, command.limits)
    if command.export and (done or command.at_step is not None):
        step = trainer.step if command.at_step is None else command.at_step
        export(trainer, command.folder, command.export, step, weights=not command.log_only)


if __name__ == "__main__":
    main()
