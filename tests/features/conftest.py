"""What the tests of all endpoints share; `address` is the page that each of them serves."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable

import httpx
import pytest
from gradio_client import Client


@pytest.fixture(scope="module")
def client(address: str) -> Client:
    return Client(address, verbose=False)


@pytest.fixture
def post(address: str) -> Callable[[str, list], str]:
    """Sends what no well-behaved client can send (NaN, half a character); returns the error's text."""

    def send(endpoint: str, values: list) -> str:
        place = f"{address}gradio_api/call{endpoint}"
        began = httpx.post(place, content=json.dumps({"data": values}), headers={"Content-Type": "application/json"})
        stream = httpx.get(f"{place}/{began.json()['event_id']}", timeout=60).text
        event, data = stream.strip().split("\n")[-2:]
        assert event == "event: error"
        return json.loads(data.removeprefix("data: "))["error"]

    return send


@pytest.fixture
def signatures(client: Client) -> dict[str, dict[str, object]]:
    """The published endpoints: name → parameter → default."""
    published = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    return {
        endpoint: {
            parameter["parameter_name"]: parameter["parameter_default"]
            if parameter["parameter_has_default"]
            else inspect.Parameter.empty
            for parameter in described["parameters"]
        }
        for endpoint, described in published.items()
    }
