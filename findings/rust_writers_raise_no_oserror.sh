#!/usr/bin/env bash
# safetensors 0.8.0, tokenizers 0.23.3: a write that the system refuses is no OSError for libraries written in Rust.
# Guess before the run: where a file may grow no further (a quota, a limit, a full disk), both raise OSError,
# as open() and numpy.save do.
# Seen: safetensors raises its own SafetensorError, tokenizers a bare Exception. So code that catches OSError around a
# conversion sees neither. (Here a limit of 100 KB a file stands for the full disk.)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q safetensors==0.8.0 tokenizers==0.23.3 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PY'
import resource
import signal

import numpy as np
import safetensors
import tokenizers
from safetensors.numpy import save_file
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))


def kind(work):
    try:
        work()
    except Exception as error:
        return type(error).__name__, isinstance(error, OSError)
    return None


words = {f"word{number}": number for number in range(20_000)}
rows = np.zeros((1000, 1000), np.float32)
seen = {
    "numpy": kind(lambda: np.save("rows.npy", rows)),
    "safetensors": kind(lambda: save_file({"rows": rows}, "rows.safetensors")),
    "tokenizers": kind(lambda: Tokenizer(WordLevel(words, unk_token="word0")).save("words.json")),
}
print("safetensors", safetensors.__version__, "tokenizers", tokenizers.__version__, seen)
assert seen["numpy"][1], "changed: numpy raises no OSError"
for name in ("safetensors", "tokenizers"):
    assert seen[name] is not None and not seen[name][1], f"changed: {name} raises an OSError, or nothing"
PY
