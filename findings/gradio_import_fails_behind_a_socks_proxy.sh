#!/usr/bin/env bash
# gradio 6.31.0: `import gradio` fails where the environment names a SOCKS proxy, although importing fetches nothing.
# Guess before the run: a proxy matters when the first request is made; importing works.
# Seen: the import itself raises, for httpx, whose client is made at import, does not know the scheme "socks://"
# that desktop settings write into ALL_PROXY.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q gradio==6.31.0
cd "$folder"
env -u ALL_PROXY -u all_proxy GRADIO_ANALYTICS_ENABLED=False venv/bin/python -c "import gradio; print('gradio', gradio.__version__)"
if ALL_PROXY=socks://127.0.0.1:1080 GRADIO_ANALYTICS_ENABLED=False venv/bin/python -c "import gradio" 2>error.txt; then
  echo "changed: gradio is imported behind a SOCKS proxy"
  exit 1
fi
tail -n 1 error.txt
grep -q "ValueError.*socks" error.txt
