"""A plan in the forms that a broker's administrator uses: RabbitMQ's definitions (JSON), and commands for its shell.

Invariant: no password is ever in what comes out, only salted hashes of them, or the names of the files they are in.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import shlex
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from gateway.axis import amqp_topology
from gateway.axis.plan import Account, Plan
from gateway.records import Json

HASHING = "rabbit_password_hashing_sha256"
NO_PASSWORD = ""
"""A hash that no password has: such a user can only come with a certificate."""


class Part(StrEnum):
    """What can be asked for by itself; bindings come some seconds after queues (`amqp_young`)."""

    QUEUES = "queues"
    BINDINGS = "bindings"
    ACCOUNTS = "accounts"


def definitions(plan: Plan, parts: frozenset[Part], hashes: Mapping[str, str]) -> dict[str, Json]:
    """Return the parts of a plan as RabbitMQ imports them; `hashes` are those of the accounts' passwords."""
    made: dict[str, Json] = {}
    if Part.QUEUES in parts:
        made["exchanges"] = [
            _exchange(plan, amqp_topology.EXCHANGE),
            _exchange(plan, amqp_topology.DEAD_EXCHANGE),
        ]
        made["queues"] = [
            _queue(plan, name, stated)
            for queue in sorted(plan.queues)
            for name, stated in (
                (queue, amqp_topology.arguments(queue, max_bytes=plan.max_bytes)),
                (queue + amqp_topology.DEAD_SUFFIX, amqp_topology.DEAD_ARGUMENTS),
            )
        ]
    bindings: list[Json] = []
    if Part.QUEUES in parts:
        bindings += [
            _binding(plan, amqp_topology.DEAD_EXCHANGE, each, amqp_topology.DEAD_SUFFIX)
            for each in sorted(plan.queues)
        ]
    if Part.BINDINGS in parts:
        bindings += [_binding(plan, amqp_topology.EXCHANGE, each) for each in sorted(plan.queues)]
    if bindings:
        made["bindings"] = bindings
    if Part.ACCOUNTS in parts:
        made["users"] = [user_of(account, hashes) for account in plan.accounts]
        made["permissions"] = [
            {"user": account.user, "vhost": plan.vhost, **permissions_of(account)}
            for account in plan.accounts
        ]
    return made


def commands(plan: Plan, parts: frozenset[Part], files: Mapping[str, Path], *, age: int) -> str:
    """Return a script for the broker's shell; `files` are those of the passwords, on the host where the script runs.

    `rabbitmqctl` knows no way to declare a queue but to import definitions, so these are in the script.
    """
    lines = ["#!/bin/sh", "set -eu", "topology() {"]
    for part in (Part.QUEUES, Part.BINDINGS):
        if part in parts:
            if part is Part.BINDINGS and Part.QUEUES in parts:
                lines.append(f"sleep {age}  # a queue that is younger may not outlive its broker")
            text = json.dumps(definitions(plan, frozenset({part}), {}), indent=1)
            lines += ["rabbitmqctl import_definitions <<'DEFINITIONS'", text, "DEFINITIONS"]
    if Part.ACCOUNTS in parts:
        lines.append("users=$(rabbitmqctl list_users --silent | cut -f1)")
        for account in plan.accounts:
            lines += _account_commands(plan, account, files.get(account.user))
    # All is read before anything runs: `rabbitmqctl` would take what comes next from a script on standard input.
    return "\n".join([*lines, "}", "topology < /dev/null"]) + "\n"


def hash_password(password: str) -> str:
    """Return a salted hash of a password in RabbitMQ's form."""
    salt = secrets.token_bytes(4)
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def user_of(account: Account, hashes: Mapping[str, str]) -> dict[str, Json]:
    """Return an account as a user without tags."""
    return {
        "name": account.user,
        "password_hash": hashes.get(account.user, NO_PASSWORD),
        "hashing_algorithm": HASHING,
        "tags": "",
    }


def permissions_of(account: Account) -> dict[str, str]:
    """Return an account's three patterns."""
    return {"configure": account.configure, "write": account.write, "read": account.read}


def _account_commands(plan: Plan, account: Account, file: Path | None) -> list[str]:
    user = shlex.quote(account.user)
    patterns = " ".join(map(shlex.quote, (account.configure, account.write, account.read)))
    known = f"if printf '%s\\n' \"$users\" | grep -qxF -e {user}; then"
    if file is None:
        come_in = [
            known,
            "  :",
            "else",
            f"  head -c 32 /dev/urandom | base64 | rabbitmqctl add_user {user}",
            f"  rabbitmqctl clear_password {user}",
            "fi",
        ]
    else:
        password = shlex.quote(str(file))
        come_in = [
            known,
            f"  rabbitmqctl change_password {user} < {password}",
            "else",
            f"  rabbitmqctl add_user {user} < {password}",
            "fi",
        ]
    return [*come_in, f"rabbitmqctl set_permissions -p {shlex.quote(plan.vhost)} {user} {patterns}"]


def _exchange(plan: Plan, name: str) -> dict[str, Json]:
    return {
        "name": name,
        "vhost": plan.vhost,
        "type": "direct",
        "durable": True,
        "auto_delete": False,
        "internal": False,
        "arguments": {},
    }


def _queue(plan: Plan, name: str, stated: Mapping[str, Json]) -> dict[str, Json]:
    return {
        "name": name,
        "vhost": plan.vhost,
        "durable": True,
        "auto_delete": False,
        "arguments": dict(stated),
    }


def _binding(plan: Plan, source: str, queue: str, suffix: str = "") -> dict[str, Json]:
    return {
        "source": source,
        "vhost": plan.vhost,
        "destination": queue + suffix,
        "destination_type": "queue",
        "routing_key": queue,
        "arguments": {},
    }
