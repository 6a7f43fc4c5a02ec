"""Record how llama.cpp cuts difficult texts into Gemma's tokens: the truth for our tokenizer.

To make `llama_cpp_token_ids.json` anew, in an environment of its own (xllamacpp holds llama.cpp,
already built):

    pip install xllamacpp==2026.10.11549
    python tests/models/data/record_llama_cpp_token_ids.py path/to/gemma-3-270m-q4_k_m.gguf
"""

from __future__ import annotations

import json
import re
import sys
import urllib.request
from hashlib import sha256
from pathlib import Path

import xllamacpp

RECORDING = Path(__file__).with_name("llama_cpp_token_ids.json")

# Written with escapes wherever an editor might change, hide or reorder the characters.
TEXTS = [
    # Small and plain
    "",
    "a",
    "unforgettable",
    " unforgettable",
    "Unforgettable",
    "UNFORGETTABLE",
    "I picked up my phone to",
    "The quick brown fox jumps over the lazy dog.",
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
    "pneumonoultramicroscopicsilicovolcanoconiosis " * 2,
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "===== ------ ______ ****** ###### ......",
    "Wait... what?! \u201cNo\u201d \u2014 she said \u2018maybe\u2019\u2026",
    # Numbers, addresses, mathematics
    "0 1 12 123 1234 12345 3.14159 1,000,000 -273.15 6.022e23 0xDEADBEEF 1/2 50%",
    "https://example.org/a/b?x=1&y=%20#part mailto:someone@example.org ftp://[::1]:21/",
    "∀x∈ℝ: x² ≥ 0, ∫₀^∞ e^{-x}dx = 1, \\frac{a}{b} ≠ √2, \U0001d465\u20d7",
    # Spaces
    " ",
    " a",
    "a ",
    "  a  b   c    ",
    *(" " * count for count in range(2, 41)),
    *("x" + " " * count + "y" for count in (2, 15, 16, 17, 30, 31, 32, 33, 40, 63, 100)),
    "a\u00a0b\u2009c\u3000d\u202fe",
    "\u2581",
    "\u2581\u2581\u2581",
    "a\u2581b \u2581 c  \u2581\u2581  d",
    # Line breaks and tabs
    *("\n" * count for count in (1, 2, 3, 30, 31, 32, 33, 70)),
    *("a" + "\t" * count + "b" for count in (1, 2, 31, 32, 40)),
    "one\r\ntwo\r\n\r\nthree\rfour\n\rfive",
    " \n \n\n \t \n\t\t ",
    "a\u2028b\u2029c\u0085d\x0be\x0cf",
    # Code
    "def f(x):\n    if x:\n        return [i ** 2 for i in range(x)]\n\n\nclass A:\n\tpass\n",
    'int main(void) {\n\tfor (int i = 0; i < 9; ++i) {\n\t\tprintf("%d\\n", i);\n\t}\n}',
    "const f = async (x) => ({ ...x, y: `${x?.z ?? 'none'}` }); // \u2713\r\n",
    "SELECT a.*, COUNT(*) FROM t AS a WHERE a.b <> 'it''s' GROUP BY 1;\n",
    '<div class="a"><table><tr><td>1</td></tr></table><h1>Title</h1><br/></div>',
    'fn main() -> Result<(), E> {\n    let s: &\'static str = "\u00fc";\n}\n',
    "all:\n\t@echo $$(( 1 + 1 )) && \\\n\t  rm -f *.o\n",
    # Emoji
    "😀😂😍",
    "👨\u200d👩\u200d👧\u200d👦 🏳\ufe0f\u200d🌈",
    "🇩🇪🇯🇵 🇩 🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "👋🏻👋🏿🧑🏽\u200d🚀 1\ufe0f\u20e3 ❤\ufe0f ❤",
    "🫨🪿🫎",  # from recent versions of Unicode
    # Scripts
    "สวัสดีชาวโลก กินข้าวหรือยัง",
    "\u0627\u0644\u0633\u064e\u0651\u0644\u0627\u0645\u064f \u0639\u0644\u064a\u0643\u0645"
    " \u0661\u0662\u0663 \u06a9\u062a\u0627\u0628\u200c\u0647\u0627",
    "\u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd \u05e2\u05d5\u05dc\u05dd",
    "नमस्ते दुनिया, क्षत्रिय १२३",
    "你好，世界！今天天气怎么样？龘 \U00020000\U0002a6d6",
    "こんにちは、世界。カタカナｶﾀｶﾅ 東京都に行った",
    "안녕하세요 세계 \u110b\u1161\u11ab\u1102\u1167\u11bc ㅋㅋㅋ",
    "Привет, мир! Γειά σου Κόσμε",
    "አማርኛ ქართული Հայերեն ម្ពុជា",
    "ᏣᎳᎩ ᐁᓄᒃᑎᑐᑦ ᚠᚢᚦ ᠠᠭ ꓀",
    "\U00012000\U00013000\U00010330\U0001d11e\U00010400\U00016f00",  # no token of their own: bytes
    # Marks, normal forms and invisible characters
    "caf\u00e9 \u00fc \u1e69 \u212b \ufb01",
    "cafe\u0301 u\u0308 s\u0323\u0307 A\u030a",
    "Z\u0351\u036b\u0343a\u0300\u0301\u0302\u0303l\u0334\u0335g\u0488o\u20dd",
    "a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg\u200eh\u202ei\u202c",
    "\ufeffat the beginning",
    "a\x00b\x00\x00\x01\x02\x07\x08\x1b[31m\x7f\x80\x9f",
    "\ue000\uf8ff\U000f0000\U0010fffd",
    "\u0378\uffff\ufdd0\U0001fffe\U000e0fff\ufffd",
    # Names of tokens, typed
    "<bos>",
    "<bos>Hello<eos>",
    "<start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\n",
    "<unused5> <unused99> <unused6241> <pad><unk><mask>",
    "[multimodal] x[multimodal]y [multimodal",
    "<h1>a</h1> <H1> < h1> <h1 <h1>> <<h1>",
    "<start_of_image><end_of_image> <image_soft_token>",
    "<s>struck <strong><em><code>x</code></em></strong><blockquote>\n\n<li>",
    "<0x0A><0xE2><0x96> <0x00>",
]

# llama.cpp makes any token of this name a control token, for the sake of mislabelled models (its
# log says so). In Gemma's vocabulary it is an HTML tag, the one that ends what “<s>” begins.
TEXTS_WITH_RETYPED_TOKENS = ["</s>", "<s>struck</s> out"]


def main(gguf_path: str) -> None:
    """Write the recording for the vocabulary in `gguf_path`."""
    server = _serve(gguf_path)
    recording = {
        "made_with": (
            f"llama.cpp as prebuilt in xllamacpp {xllamacpp.__version__}, /tokenize with "
            "add_special=false and parse_special=false, GGUF file with SHA-256 "
            + sha256(Path(gguf_path).read_bytes()).hexdigest()
        ),
        "cases": [_case(server, text) for text in TEXTS],
        "retyped": [_case(server, text) for text in TEXTS_WITH_RETYPED_TOKENS],
    }
    RECORDING.write_text(_one_case_per_line(recording), encoding="ascii")


def _serve(gguf_path: str) -> xllamacpp.Server:
    """llama.cpp's own server with the model, on a free local port, as long as the result lives."""
    parameters = xllamacpp.CommonParams()
    parameters.model.path = gguf_path
    parameters.n_ctx = 256
    parameters.n_gpu_layers = 0
    parameters.warmup = False
    return xllamacpp.Server(parameters)


def _case(server: xllamacpp.Server, text: str) -> dict[str, object]:
    """`text` and its ids, without a token that begins it; typed control tokens count as text."""
    request = urllib.request.Request(
        f"{server.listening_address}/tokenize",
        json.dumps({"content": text, "add_special": False, "parse_special": False}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as response:
        return {"text": text, "ids": json.load(response)["tokens"]}


def _one_case_per_line(recording: dict[str, object]) -> str:
    """As JSON in which a changed case is one changed line."""
    return re.sub(r' ?({"text"|"retyped")', r"\n\1", json.dumps(recording)) + "\n"


if __name__ == "__main__":
    main(sys.argv[1])
