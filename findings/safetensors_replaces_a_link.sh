#!/usr/bin/env bash
# safetensors 0.8.0: saving to a path that is a symbolic link replaces the link itself.
# Guess before the run: as with open() or numpy.save, the link is followed: the file that it points to gets the new contents,
# and a shared folder with links into a store of weights stays as it is.
# Seen: tokenizers 0.23.3 does so; safetensors writes a new file and renames it over the link. The target keeps its old
# contents, and where the link was stands a file of its own, with the mode 0600 whatever the umask says.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q safetensors==0.8.0 tokenizers==0.23.3 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PY'
import os
import stat
from pathlib import Path

import numpy as np
import safetensors
import tokenizers
from safetensors.numpy import save_file
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

os.umask(0o022)


def numpy_save(path):
    with open(path, "wb") as file:
        np.save(file, np.ones(3, np.float32))


writers = {
    "numpy": numpy_save,
    "safetensors": lambda path: save_file({"rows": np.ones(3, np.float32)}, path),
    "tokenizers": lambda path: Tokenizer(WordLevel({"a": 0}, unk_token="a")).save(str(path)),
}
seen = {}
for name, write in writers.items():
    target, link = Path(f"{name}-target"), Path(f"{name}-link")
    target.write_text("old")
    link.symlink_to(target)
    write(link)
    seen[name] = (link.is_symlink(), target.read_bytes() == b"old", oct(stat.S_IMODE(link.stat().st_mode)))
print("safetensors", safetensors.__version__, "tokenizers", tokenizers.__version__, seen)
assert seen["numpy"] == seen["tokenizers"] == (True, False, "0o644")
assert seen["safetensors"] == (False, True, "0o600"), "changed: the link is followed, or the umask heeded"
PY
