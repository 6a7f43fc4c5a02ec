"""Where the page opens, and what is said if it cannot."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from genai_demo.page import opening
from genai_demo.page.errors import NoFreePort, NotOpened, NotStarted, PortInUse, PortNotAllowed, UnknownHost
from genai_demo.page.opening import choose_place, network_addresses, open_page, told


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody listens."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


@pytest.fixture
def machine(monkeypatch):
    """A machine with cable, wireless network, containers, and a cable that is not plugged in."""

    def address(family: socket.AddressFamily, text: str) -> SimpleNamespace:
        return SimpleNamespace(family=family, address=text)

    four, six = socket.AF_INET, socket.AF_INET6
    found = {
        "lo": [address(four, "127.0.0.1"), address(six, "::1")],
        "eth0": [address(four, "10.1.2.3"), address(six, "fe80::1%eth0"), address(six, "fd00::5")],
        "wlan0": [address(four, "192.168.7.8"), address(socket.AF_UNIX, "aa:bb:cc:dd:ee:ff")],
        "eth1": [address(four, "10.9.9.9")],
        "eth2": [address(four, "169.254.3.4")],
        "docker0": [address(four, "172.17.0.1")],
    }
    monkeypatch.setattr(opening.psutil, "net_if_addrs", lambda: found)
    monkeypatch.setattr(
        opening.psutil, "net_if_stats", lambda: {name: SimpleNamespace(isup=name != "eth1") for name in found}
    )
    return found


# ── a port and an address ────────────────────────────────────────────────────────────────────────────────────


def test_a_port_in_use_is_said(taken):
    with pytest.raises(PortInUse) as caught:
        choose_place(None, taken)
    assert caught.value.facts == {"port": str(taken)}


def test_without_a_port_the_first_free_one_is_taken(taken, monkeypatch):
    monkeypatch.setenv("GRADIO_SERVER_PORT", str(taken))
    host, port = choose_place(None, None)
    assert host == "127.0.0.1"
    assert port > taken
    monkeypatch.setenv("GRADIO_NUM_PORTS", "1")
    with pytest.raises(NoFreePort) as caught:
        choose_place(None, None)
    assert caught.value.facts == {"first": str(taken), "last": str(taken)}


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "no such host", "host..name", "x" * 300, "http://a"])
def test_a_host_that_is_not_this_machine_is_said_to_be_unknown(host, monkeypatch):
    known = socket.getaddrinfo

    def without_network(name, *args, **options):  # a school's name server may invent an address for anything
        if not name[0].isdigit():
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return known(name, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", without_network)
    with pytest.raises(UnknownHost) as caught:
        choose_place(host, 8_000)
    assert caught.value.facts == {"host": host}


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.EACCES, PortNotAllowed),
        (errno.EADDRINUSE, PortInUse),
        (errno.EADDRNOTAVAIL, UnknownHost),
        (errno.ENOBUFS, NotOpened),
    ],
)
def test_what_the_system_says_of_a_port_has_a_sentence(monkeypatch, number, kind):
    def refuse(*_):
        raise OSError(number, "no")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(NotStarted) as caught:
        choose_place("127.0.0.1", 80)
    assert type(caught.value) is kind


def test_gradios_own_variables_choose_the_address_too(monkeypatch):
    monkeypatch.setenv("GRADIO_SERVER_NAME", "0.0.0.0")
    assert choose_place(None, None)[0] == "0.0.0.0"
    assert choose_place("127.0.0.1", None)[0] == "127.0.0.1"


@pytest.mark.parametrize(("error", "kind"), [(OSError("Cannot find empty port"), PortInUse), (ValueError, NotOpened)])
@pytest.mark.usefixtures("caplog")
def test_whatever_gradio_cannot_do_is_one_of_our_errors(error, kind):
    def launch(**_):
        raise error

    with pytest.raises(NotStarted) as caught:
        open_page(SimpleNamespace(launch=launch), "127.0.0.1", 8_000, {})
    assert type(caught.value) is kind


# ── what people type ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("machine")
def test_a_page_for_everybody_names_the_addresses_that_others_can_open():
    here, others, _ = told("0.0.0.0", 7_860)
    assert "http://127.0.0.1:7860" in here
    assert others.endswith("http://10.1.2.3:7860, http://192.168.7.8:7860")
    assert "0.0.0.0" not in here + others


def test_addresses_of_the_long_kind_stand_in_brackets(machine):
    here, others, _ = told("::", 7_860)
    assert "http://[::1]:7860" in here
    assert others.endswith("http://[fd00::5]:7860")
    machine["eth0"].pop()
    assert network_addresses("::") == []
    assert "no address" in told("::", 7_860)[1]


@pytest.mark.parametrize(
    ("host", "others"),
    [("127.0.0.1", []), ("localhost", []), ("::1", []), ("10.1.2.3", ["10.1.2.3"]), ("pc-7", ["pc-7"])],
)
def test_a_page_on_one_address_names_that_one(host, others):
    assert network_addresses(host) == others
    assert f"{host}]:80" in told(host, 80)[0] if ":" in host else f"http://{host}:80" in told(host, 80)[0]
