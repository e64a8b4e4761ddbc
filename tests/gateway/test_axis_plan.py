"""What the registry calls for on the broker: exact patterns, the least rights, and no password in what is printed."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shlex
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.axis.applying import vhost_of
from gateway.axis.definitions import Part, commands, definitions, hash_password
from gateway.axis.errors import TooManyQueuesError
from gateway.axis.management import Management
from gateway.axis.passwords import password_files, read_passwords
from gateway.axis.plan import Served, exactly, plan_for
from gateway.keys.errors import KeyFileExposedError

ALL = frozenset(Part)
MEMBERS = (
    Served(member="hanoi", queue="member.hanoi", gateway="gw.north"),
    Served(member="phutho", queue="member.phutho", gateway="gw.north"),
    Served(member="hue", queue="it's $(odd) .*", gateway="gw/south"),
)
names = st.text(
    st.one_of(st.characters(codec="utf-8"), st.sampled_from(".*|()[]{}^$\\?+-#\n\r \0AzQE")), min_size=1
)


def matches(pattern: str, name: str) -> bool:
    """Match as the broker does: anywhere in the name, unless the pattern says where."""
    # Perl's \\z is Python's \\Z, and an empty pattern stands for ^$ in RabbitMQ.
    return re.search(pattern.removesuffix(r"\z") + r"\Z" if pattern else r"\A\Z", name) is not None


@given(names=st.sets(names), other=names)
def test_pattern_matches_its_names_and_no_others(names: set[str], other: str) -> None:
    """Whatever characters names have, none is read as a pattern."""
    pattern = exactly(names)

    assert all(matches(pattern, name) for name in names)
    assert matches(pattern, other) == (other in names)


@given(name=names, other=names)
def test_pattern_with_an_ending(name: str, other: str) -> None:
    """A queue and its dead-letter queue match, nothing that only begins or ends like them."""
    pattern = exactly((name,), perhaps=".dead")

    assert matches(pattern, name)
    assert matches(pattern, f"{name}.dead")
    assert matches(pattern, other) == (other in {name, f"{name}.dead"})
    assert not matches(pattern, f"{name}.dead.dead\n")


def test_accounts_have_the_least_rights() -> None:
    """A gateway reads what it serves, a member its own; nobody configures, everybody writes to one exchange."""
    plan = plan_for(MEMBERS)
    readable = {
        account.user: {
            name
            for each in MEMBERS
            for name in (each.queue, f"{each.queue}.dead")
            if matches(account.read, name)
        }
        for account in plan.accounts
    }

    assert readable == {
        "gateway.gw.north": {"member.hanoi", "member.hanoi.dead", "member.phutho", "member.phutho.dead"},
        "gateway.gw/south": {"it's $(odd) .*", "it's $(odd) .*.dead"},
        "member.hanoi": {"member.hanoi", "member.hanoi.dead"},
        "member.phutho": {"member.phutho", "member.phutho.dead"},
        "member.hue": {"it's $(odd) .*", "it's $(odd) .*.dead"},
    }
    for account in plan.accounts:
        assert not account.configure
        assert matches(account.write, "vanthu.axis")
        assert not any(
            matches(account.write, name) for name in ("vanthu_axis", "vanthu.dead", "amq.default", "")
        )


def test_gateway_that_serves_too_many() -> None:
    """A permission that the broker would not take is refused before anything is done."""
    many = [Served(member=f"m{number}", queue=f"member.m{number}", gateway="gw") for number in range(3000)]

    with pytest.raises(TooManyQueuesError, match="3000"):
        plan_for(many)


def test_definitions_hold_every_queue_with_its_limits() -> None:
    """Each queue is there with its dead-letter queue and both bindings."""
    made = definitions(plan_for(MEMBERS, vhost="văn thư"), ALL, {})
    queues = {each["name"]: each for each in made["queues"]}

    assert set(queues) == {name for each in MEMBERS for name in (each.queue, f"{each.queue}.dead")}
    assert queues["member.hanoi"]["arguments"]["x-dead-letter-routing-key"] == "member.hanoi"
    assert queues["member.hanoi"]["arguments"]["x-delivery-limit"] == 10
    assert {(each["source"], each["routing_key"], each["destination"]) for each in made["bindings"]} == {
        link
        for each in MEMBERS
        for link in (
            ("vanthu.axis", each.queue, each.queue),
            ("vanthu.dead", each.queue, f"{each.queue}.dead"),
        )
    }
    assert {each["vhost"] for part in made.values() for each in part if "vhost" in each} == {"văn thư"}
    assert {each["password_hash"] for each in made["users"]} == {""}


def test_parts_of_the_definitions() -> None:
    """Queues can be imported before anything is bound to them; together the parts are the whole."""
    plan = plan_for(MEMBERS)
    queues, bindings, accounts = (definitions(plan, frozenset({part}), {}) for part in Part)

    assert {each["source"] for each in queues["bindings"]} == {"vanthu.dead"}
    assert set(bindings) == {"bindings"}
    assert set(accounts) == {"users", "permissions"}
    assert definitions(plan, ALL, {}) == {
        **queues,
        **accounts,
        "bindings": queues["bindings"] + bindings["bindings"],
    }


def test_passwords_are_made_once_and_only_for_their_owner(tmp_path: Path) -> None:
    """Each account has a file of mode 0600 inside the folder; a second time nothing changes."""
    users = ["gateway.gw/../../north", "member.hanoi"]
    files = password_files(tmp_path / "new" / "folder", users)
    first = read_passwords(files)
    again = read_passwords(password_files(tmp_path / "new" / "folder", [*users, "member.hue"]))

    assert {path.parent for path in files.values()} == {tmp_path / "new" / "folder"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files.values()} == {0o600}
    assert {user: again[user] for user in users} == first
    assert len(set(again.values())) == 3
    assert min(map(len, again.values())) >= 43

    files["member.hanoi"].chmod(0o640)
    with pytest.raises(KeyFileExposedError):
        read_passwords(files)


@given(password=st.text(st.characters(codec="utf-8")))
def test_hash_of_a_password(password: str) -> None:
    """A hash is four bytes of salt and SHA-256 over both, another one each time."""
    salted = base64.b64decode(hash_password(password))

    assert salted[4:] == hashlib.sha256(salted[:4] + password.encode()).digest()


def test_nothing_printed_holds_a_password(tmp_path: Path) -> None:
    """Definitions hold hashes and commands names of files."""
    plan = plan_for(MEMBERS)
    files = password_files(tmp_path, [account.user for account in plan.accounts])
    passwords = read_passwords(files)
    hashes = {user: hash_password(password) for user, password in passwords.items()}
    printed = json.dumps(definitions(plan, ALL, hashes)) + commands(plan, ALL, files, age=10)

    assert not any(password in printed for password in passwords.values())
    assert all(value in printed for value in hashes.values())


def test_commands_quote_what_the_registry_says() -> None:
    """A name from the registry is one word of the script, whatever it holds."""
    plan = plan_for(MEMBERS)
    lines = commands(plan, frozenset({Part.ACCOUNTS}), {}, age=10).splitlines()[3:-2]
    granted = {words[4]: words[5:] for words in map(shlex.split, lines) if "set_permissions" in words}

    assert granted == {
        account.user: [account.configure, account.write, account.read] for account in plan.accounts
    }


@pytest.mark.parametrize(
    "url", ["http://admin@broker.example:15672", "https://broker.example:15671", "ftp://admin@127.0.0.1", ""]
)
def test_management_address_that_is_refused(url: str) -> None:
    """Without a name there is nobody to ask as; without TLS nothing goes over a network."""
    with pytest.raises(ValueError, match="management address"):
        Management(url, password="x")


@pytest.mark.parametrize(
    ("url", "vhost"),
    [
        ("amqp://a@b", "/"),
        ("amqp://a@b/", "/"),
        ("amqp://a@b/%2F", "/"),
        ("amqp://a@b/v%2Fw", "v/w"),
        ("amqps://a@b/vanthu?x=1", "vanthu"),
    ],
)
def test_virtual_host_of_an_address(url: str, vhost: str) -> None:
    """The permissions are for the virtual host in which the queues are."""
    assert vhost_of(url) == vhost
