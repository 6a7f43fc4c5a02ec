#!/usr/bin/env bash
# pydantic 2.14.4: whether bounds stand before or after a BeforeValidator in Annotated changes the keys of the JSON Schema.
# Guess before the run: a BeforeValidator runs first wherever it stands, so both orders mean the same and read the same.
# Seen: both refuse the same values, but where the bounds come after it the schema says "ge" and "le", which JSON Schema
# does not know, instead of "minimum" and "maximum": a client that reads the schema sees no bounds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q pydantic==2.14.4
cd "$folder"
venv/bin/python - <<'PY'
from typing import Annotated

import pydantic
from annotated_types import Ge, Le
from pydantic import BeforeValidator, TypeAdapter, ValidationError

as_it_is = BeforeValidator(lambda value: value)
orders = {
    "bounds first": TypeAdapter(Annotated[int, Ge(1), Le(5), as_it_is]),
    "bounds last": TypeAdapter(Annotated[int, as_it_is, Ge(1), Le(5)]),
}
for name, adapter in orders.items():
    try:
        adapter.validate_python(9)
    except ValidationError:
        print("pydantic", pydantic.VERSION, name, "refuses 9 and says", adapter.json_schema())
    else:
        raise AssertionError("changed: 9 is accepted")
assert orders["bounds first"].json_schema() == {"type": "integer", "minimum": 1, "maximum": 5}
assert orders["bounds last"].json_schema() == {"type": "integer", "ge": 1, "le": 5}, "changed: the order no longer matters"
PY
