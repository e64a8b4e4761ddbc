"""Which hosts may be called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from gateway.fetching.hosts import Hosts, is_public

HOSTS = Hosts.parse("crl.example.vn, ca.example.vn:8080,*.gov.vn , 10.0.0.7:81,[::1]:82")


@pytest.mark.parametrize(
    ("url", "is_allowed"),
    [
        ("http://crl.example.vn/a.crl", True),
        ("https://crl.example.vn/a.crl", True),
        ("http://CRL.example.vn/a.crl", True),
        ("http://crl.example.vn:8080/a.crl", False),
        ("ldap://crl.example.vn/a.crl", False),
        ("file:///etc/passwd", False),
        ("ftp://crl.example.vn/", False),
        ("http://user@crl.example.vn/", False),
        ("http://crl.example.vn.evil.vn/", False),
        ("http://evilcrl.example.vn/", False),
        ("http://ca.example.vn:8080/", True),
        ("http://ca.example.vn/", False),
        ("http://a.gov.vn/", True),
        ("http://a.b.gov.vn/", True),
        ("http://gov.vn/", False),
        ("http://evilgov.vn/", False),
        ("http://10.0.0.7:81/", True),
        ("http://10.0.0.7/", False),
        ("http://127.0.0.1/", False),
        ("http://[::1]:82/", True),
        ("http://[::2]:82/", False),
        ("/relative", False),
    ],
)
def test_allowed(url: str, is_allowed: bool) -> None:
    """Only listed hosts on listed ports, by http and https, and nothing that only looks like one."""
    assert HOSTS.allows(URL(url)) is is_allowed


def test_nothing_listed() -> None:
    """An empty list allows nothing."""
    nothing = Hosts.parse(" , ")
    assert not nothing
    assert HOSTS
    assert not nothing.allows(URL("http://crl.example.vn/"))


@pytest.mark.parametrize("text", ["http://crl.example.vn", "crl.example.vn/a", "*", "a b", "crl:port", "*.*"])
def test_no_host(text: str) -> None:
    """What is no host is refused, so that nobody believes it to count."""
    with pytest.raises(ValueError, match="is no host"):
        Hosts.parse(text)


def test_addresses_of_ones_own() -> None:
    """An address below a listed name is not one of one's own network; a name listed itself may lead there."""
    assert Hosts.parse("*.1").allows(URL("http://127.0.0.1/")) is False
    assert HOSTS.lists("crl.example.vn")
    assert not HOSTS.lists("a.gov.vn")
    for inside in (
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "169.254.169.254",
        "::1",
        "fe80::1",
        "::ffff:127.0.0.1",
        "0.0.0.0",  # noqa: S104 - compared, not bound
        "224.0.0.1",
        "x",
    ):
        assert not is_public(inside)
    assert is_public("8.8.8.8")
    assert is_public("2001:4860:4860::8888")


@given(host=st.from_regex(r"[a-z0-9.-]{1,30}", fullmatch=True))
def test_only_what_is_listed(host: str) -> None:
    """No name is allowed but the listed one and, with a star, those that end in a dot and the listed one."""
    try:
        url = URL.build(scheme="http", host=host, path="/")
    except ValueError:
        return
    allowed = HOSTS.allows(url)
    assert allowed is (url.raw_host == "crl.example.vn" or (url.raw_host or "").endswith(".gov.vn"))
