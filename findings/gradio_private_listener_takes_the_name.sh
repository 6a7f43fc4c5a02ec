#!/usr/bin/env bash
# gradio 6.31.0: an event listener with api_visibility="private" takes its function's name away from a public endpoint.
# Guess before the run: a private listener has no place in the API, so gr.api(api_name="compare") is served as /compare.
# Seen: the public endpoint is served as /compare_1; there is no /compare that anybody may call.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q gradio==6.31.0
cd "$folder"
GRADIO_ANALYTICS_ENABLED=False venv/bin/python - <<'PY'
import gradio as gr


def compare(text: str) -> str:
    return text


with gr.Blocks() as page:
    box = gr.Textbox()
    box.submit(compare, box, box, api_visibility="private")
    gr.api(compare, api_name="compare")

names = {fn.api_visibility: fn.api_name for fn in page.fns.values()}
print("gradio", gr.__version__, names)
assert names == {"private": "compare", "public": "compare_1"}, "changed: a private listener leaves the name free"
assert list(page.get_api_info()["named_endpoints"]) == ["/compare_1"]
PY
