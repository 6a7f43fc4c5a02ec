"""Where a picture model reads its prompt: the weights of its attention, and nothing of it changed by looking."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from genai_demo.models.attention import cross_attention
from genai_demo.models.picture import PictureModel, PictureModelConfig
from genai_demo.models.text_encoder import TextStates


@pytest.fixture(scope="module")
def model() -> PictureModel:
    torch.manual_seed(2)
    config = PictureModelConfig(side=32, patch=8, channels=(16, 16), attention=(True, True), heads=2, text_size=16)
    return PictureModel(config).eval()


@pytest.fixture(scope="module")
def seen() -> tuple[torch.Tensor, TextStates]:
    generator = torch.Generator().manual_seed(0)
    states = torch.randn(2, 5, 16, generator=generator)
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])
    text = TextStates(states, mask, states.mean(1))
    return torch.randn(2, 3, 32, 32, generator=generator), text


@torch.no_grad()
def test_looking_changes_nothing_and_leaves_nothing_behind(model, seen):
    x, text = seen
    processors = model.unet.attn_processors
    before = model(x, 500, text)
    with cross_attention(model.unet) as found:
        watched = model(x, 500, text)
    torch.testing.assert_close(watched, before, atol=1e-5, rtol=1e-4)
    count = len(found)
    assert count == len([name for name in processors if ".attn2" in name])
    assert torch.equal(model(x, 500, text), before)
    assert len(found) == count
    assert {name: id(one) for name, one in model.unet.attn_processors.items()} == {
        name: id(one) for name, one in processors.items()
    }


@torch.no_grad()
def test_an_error_inside_leaves_nothing_behind(model, seen):
    x, text = seen
    before = model(x, 500, text)
    with pytest.raises(ZeroDivisionError), cross_attention(model.unet):
        _ = 1 / 0
    assert torch.equal(model(x, 500, text), before)


@torch.no_grad()
def test_the_weights_are_the_softmax_of_queries_and_keys(model, seen):
    x, text = seen
    name, layer = next((name, one) for name, one in model.unet.named_modules() if name.endswith("attn2"))
    caught: dict[str, Any] = {}
    hook = layer.register_forward_pre_hook(lambda _, args, more: caught.update(x=args[0], **more), with_kwargs=True)
    with cross_attention(model.unet) as found:
        model(x, 500, text)
    hook.remove()
    queries, keys = layer.to_q(caught["x"]), layer.to_k(text.states)
    q, k = (part.unflatten(-1, (layer.heads, -1)).movedim(2, 1) for part in (queries, keys))
    scores = q @ k.mT / q.shape[-1] ** 0.5
    expected = scores.masked_fill(text.mask[:, None, None] == 0, -torch.inf).softmax(-1).mean(1)
    assert name
    torch.testing.assert_close(found[0], expected, atol=1e-4, rtol=1e-3)


@torch.no_grad()
def test_at_every_place_the_tokens_share_the_attention(model, seen):
    x, text = seen
    shares = model.attention(x, 500, text)
    assert shares.shape == (2, 5, 4, 4)  # the finest level has a position for each of 4 × 4 patches
    torch.testing.assert_close(shares.sum(1), torch.ones(2, 4, 4), atol=1e-5, rtol=0)
    assert shares[1, 3:].max() < 1e-3  # padding is not read
