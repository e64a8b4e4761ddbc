"""What the registry calls for on the broker: its members' queues, and the accounts that may use them, with the least rights.

An account of a gateway reads the queues of the members that this gateway serves and their dead letters; an account of a member
reads its own two. Both write to `vanthu.axis` and nowhere else, and none may declare, bind or delete. By RabbitMQ's table of
rights publishing asks for `write` on the exchange; consuming, getting and *purging* ask for `read` on the queue; asking whether
something exists asks for nothing. So whoever may read a queue may also empty it; what is lost by that is sent again, because
documents stay in their outboxes until the receipt.

Invariant: a pattern matches exactly the names it was made for, whatever characters they have.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from gateway.axis.amqp_topology import DEAD_SUFFIX, EXCHANGE, MAX_QUEUE_BYTES
from gateway.axis.errors import TooManyQueuesError

NOTHING = ""
"""A pattern that RabbitMQ takes for `^$`: it matches the name of nothing."""

MAX_PATTERN = 24_000
"""Longest pattern in bytes; somewhat above it the broker's regular expressions end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A member's queue and the gateway that serves it."""

    member: str
    queue: str
    gateway: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user of the broker and what it may do in the virtual host."""

    user: str
    configure: str
    write: str
    read: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that has to be on the broker."""

    served: tuple[Served, ...]
    accounts: tuple[Account, ...]
    vhost: str = "/"
    max_bytes: int = MAX_QUEUE_BYTES

    @property
    def queues(self) -> frozenset[str]:
        """The members' queues."""
        return frozenset(each.queue for each in self.served)


def plan_for(served: Iterable[Served], *, vhost: str = "/") -> Plan:
    """Say what these members call for.

    Raises:
        TooManyQueuesError: one gateway serves more queues than a permission can name.

    """
    members = tuple(sorted(served, key=lambda each: each.member))
    reads: defaultdict[str, set[str]] = defaultdict(set)
    for each in members:
        reads[f"gateway.{each.gateway}"].add(each.queue)
        reads[f"member.{each.member}"].add(each.queue)
    accounts = tuple(_account(user, queues) for user, queues in sorted(reads.items()))
    return Plan(served=members, accounts=accounts, vhost=vhost)


def exactly(names: Iterable[str], *, perhaps: str = "") -> str:
    r"""Return a pattern for these names and no others, each perhaps with an ending; of no names, for nothing.

    Names are quoted, so that none is ever read as a pattern. `\A` and `\z` stand for the very ends: `$` would also match before
    a line feed.
    """
    alternatives = "|".join(map(re.escape, sorted(set(names))))
    if not alternatives:
        return NOTHING
    ending = f"(?:{re.escape(perhaps)})?" if perhaps else ""
    return rf"\A(?:{alternatives}){ending}\z"


def _account(user: str, queues: set[str]) -> Account:
    read = exactly(queues, perhaps=DEAD_SUFFIX)
    if len(read.encode()) > MAX_PATTERN:
        raise TooManyQueuesError(user=user, count=len(queues))
    return Account(user=user, configure=NOTHING, write=exactly((EXCHANGE,)), read=read)
