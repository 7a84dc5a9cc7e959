"""Connections that lead out of the network only."""

from __future__ import annotations

import socket

import pytest
import requests

from codeql_fixer.transport import public_connections
from codeql_fixer.transport.public_connections import PrivateAddressError, PublicAdapter, is_public


@pytest.mark.parametrize("address", ["93.184.215.14", "8.8.8.8", "2606:4700::6810:84e5", "2002:0808:0808::1"])
def test_is_public__addresses_of_the_internet(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.1.2.3",
        "0.0.0.0",  # noqa: S104 - to nobody
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",  # metadata of clouds
        "100.64.0.1",  # of carriers
        "198.18.0.1",
        "224.0.0.1",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "fc00::1",
        "fd12::1",
        "ff02::1",
        "ff0e::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::127.0.0.1",
        "64:ff9b::127.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::808:808",
        "2002:7f00:1::1",
        "2002:0a00:0001::1",
        "2001:0:7f00:1::1",
    ],
)
def test_is_public__not_those_inside_a_network(address: str) -> None:
    assert not is_public(address)


class _Resolver:
    """Answers with one list of addresses after the other."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers, self.asked = [*answers], 0

    def __call__(self, *_: object) -> list[str]:
        self.asked += 1
        answer = self.answers.pop(0)
        if not answer:
            raise socket.gaierror(-2, "Name or service not known")
        return answer


def _get(monkeypatch: pytest.MonkeyPatch, resolver: _Resolver) -> list[tuple[str, int]]:
    """Where a request tried to connect to."""
    tried: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], *_: object, **__: object) -> socket.socket:
        tried.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(public_connections, "resolve", resolver)
    monkeypatch.setattr(public_connections, "create_connection", connect)
    with requests.Session() as session:
        session.trust_env = False
        session.mount("https://", PublicAdapter())
        session.mount("http://", PublicAdapter())
        for scheme in ("https", "http"):
            try:
                session.get(f"{scheme}://hooks.example/x", timeout=1)
            except requests.ConnectionError:
                continue
    return tried


def test_get__connects_to_the_checked_address_and_asks_for_the_name_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the name leads to a moment later."""
    resolver = _Resolver(["93.184.215.14", "8.8.8.8"], ["8.8.4.4"], ["127.0.0.1"])

    tried = _get(monkeypatch, resolver)

    assert tried == [("93.184.215.14", 443), ("8.8.8.8", 443), ("8.8.4.4", 80)]
    assert resolver.asked == 2


def test_get__connects_to_nothing_when_one_of_the_addresses_is_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PrivateAddressError, match=r"^hooks\.example leads to an address inside a network$"):
        _get(monkeypatch, _Resolver(["93.184.215.14", "10.0.0.1"]))


def test_get__a_name_that_nobody_knows_is_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _get(monkeypatch, _Resolver([], [])) == []
