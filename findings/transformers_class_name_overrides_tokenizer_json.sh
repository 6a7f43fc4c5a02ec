#!/usr/bin/env bash
# transformers 5.23.0: the class named in tokenizer_config.json changes what tokenizer.json says about spaces.
# Guess before the run: tokenizer.json is the whole tokenizer; the class name only chooses the Python wrapper.
# Seen: with tokenizer_class "LlamaTokenizer" the file's normalizer (prepend "▁", replace " ") is thrown away and a
# Metaspace pre-tokenizer put in its place; with "PreTrainedTokenizerFast" it is kept.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q transformers==5.23.0 tokenizers==0.23.3
cd "$folder"
HF_HUB_OFFLINE=1 venv/bin/python - <<'PY' 2>/dev/null
import json
from pathlib import Path

import transformers
from tokenizers import Tokenizer, normalizers
from tokenizers.models import BPE
from transformers import AutoTokenizer

vocabulary = {token: number for number, token in enumerate(["<unk>", "<s>", "</s>", "▁", "a", "b", "▁a"])}
tokenizer = Tokenizer(BPE(vocabulary, [("▁", "a")], unk_token="<unk>"))
tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])

seen = {}
for name in ("PreTrainedTokenizerFast", "LlamaTokenizer"):
    folder = Path(name)
    folder.mkdir()
    tokenizer.save(str(folder / "tokenizer.json"))
    roles = {"tokenizer_class": name, "unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(roles))
    loaded = AutoTokenizer.from_pretrained(folder, local_files_only=True).backend_tokenizer
    seen[name] = (type(loaded.normalizer).__name__, type(loaded.pre_tokenizer).__name__)
print("transformers", transformers.__version__, seen)
assert seen["PreTrainedTokenizerFast"] == ("Sequence", "NoneType")
assert seen["LlamaTokenizer"][0] != "Sequence" and "Metaspace" in seen["LlamaTokenizer"][1], "changed"
PY
