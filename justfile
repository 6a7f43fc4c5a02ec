# The commands of this project, the same here and in `.ci/run`. `just` alone lists them; `pip install rust-just` brings it.

set positional-arguments

_list:
    @just --list --unsorted

# open the page
run *options:
    python app.py "$@"

# convert the real weights, once
prepare:
    python app.py --prepare

# what can be told without running anything: lint, format, types, the JavaScript's own checks
check: python-checks javascript-checks

# ruff and mypy
python-checks:
    ruff check .
    ruff format --check .
    mypy

# ESLint, tsc and the unit tests in Node (after `npm ci`)
javascript-checks:
    npm run --silent check

# write Python as ruff does
format:
    ruff check --fix .
    ruff format .

# the fast suite, on tiny random models
test *options:
    python -m pytest -n 2 "$@"

# the real model
model *options:
    python -m pytest -m "model and not browser" "$@"

# the page, in Chromium
browser *options:
    python -m pytest -n 2 --dist worksteal -m browser "$@"

# thousands of malformed calls; some minutes
soak *options:
    python -m pytest -m soak "$@"

# the recorded examples anew, of all ideas or of these
record *features:
    python -m genai_demo.editions.record "$@"

# the README's table of endpoints anew
table:
    python -m genai_demo.editions.api_table --write

# the figures of the README: next_word, word_vectors, denoising or rlhf
bench name:
    python -m benchmarks.{{ name }}

# everything that a change has to pass
all: check prepare test model browser
