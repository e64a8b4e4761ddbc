"""Which hosts may be called: only those that the operator lists, whatever a certificate says.

An entry is a host (`crl.example.vn`), a host with a port (`crl.example.vn:8080`; without one, 80 and 443), or all hosts below a
name (`*.example.vn`). Invariants: nothing listed, nothing called; an address inside a network of one's own is called only under
a name that is itself listed, so that a name below a listed one cannot be pointed there.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final, Self

from yarl import URL

_ENTRY: Final = re.compile(r"(\*\.)?([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?")
_USUAL: Final = frozenset({80, 443})


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    """The hosts on the list, each with the ports that count."""

    exact: frozenset[tuple[str, int]] = frozenset()
    below: frozenset[tuple[str, int]] = frozenset()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a list, divided by commas.

        Raises:
            ValueError: an entry is none.

        """
        exact: set[tuple[str, int]] = set()
        below: set[tuple[str, int]] = set()
        for entry in filter(None, (part.strip().lower() for part in text.split(","))):
            match = _ENTRY.fullmatch(entry)
            if match is None:
                raise ValueError(f"{entry!r} is no host")
            star, host, port = match.groups()
            ports = {int(port)} if port else _USUAL
            (below if star else exact).update((host.strip("[]"), each) for each in ports)
        return cls(exact=frozenset(exact), below=frozenset(below))

    def __bool__(self) -> bool:
        """Tell whether anybody may be called."""
        return bool(self.exact or self.below)

    def allows(self, url: URL) -> bool:
        """Tell whether an address may be called."""
        host, port = url.raw_host, url.port
        if url.scheme not in {"http", "https"} or host is None or port is None or url.user is not None:
            return False
        if (host, port) in self.exact:
            return True
        if _is_address(host):
            return False
        parents = host.split(".")[1:]
        return any((".".join(parents[start:]), port) in self.below for start in range(len(parents)))

    def lists(self, host: str) -> bool:
        """Tell whether a host is listed by its very name, so that it may be in a network of one's own."""
        return any(name == host for name, _ in self.exact)


def is_public(address: str) -> bool:
    """Tell whether an address is one of the Internet's."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_global and not found.is_multicast


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
