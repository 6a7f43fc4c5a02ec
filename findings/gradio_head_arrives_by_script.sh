#!/usr/bin/env bash
# gradio 6.31.0: what `launch(head=…)` is given is not in the head of the page that the server sends.
# Guess before the run: it stands in the HTML between <head> and </head>, before Gradio's own module script.
# Seen: the head that is sent lacks it. It travels as a string in the page's configuration, and a script puts it into the head after
# Gradio's own modules have been loaded. So whoever reads only the HTML (crawlers, link previews) never sees it, and elements
# that have to come before modules or requests (an import map, a content security policy, preloads) come too late.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q gradio==6.31.0
cd "$folder"
GRADIO_ANALYTICS_ENABLED=False venv/bin/python - <<'PYTHON'
import re
import urllib.request

import gradio

TAG = '<meta name="author" content="somebody">'
with gradio.Blocks() as page:
    gradio.Markdown("Hello")
_, address, _ = page.launch(head=TAG, prevent_thread_lock=True, quiet=True)
html = urllib.request.urlopen(address).read().decode()
page.close()
head = html[html.index("<head>") : html.index("</head>")]
elements = re.sub(r"<script>.*?</script>", "", head, flags=re.S)
print("gradio", gradio.__version__)
print("as an element of the head that is sent:", TAG in elements)
print("in the configuration inside a script:  ", "somebody" in head)
print("Gradio's own module in the same head:  ", 'type="module"' in elements)
assert TAG not in elements and "somebody" in head and 'type="module"' in elements
PYTHON
