"""`vanthu notices`, `vanthu registry tasks` and `vanthu registry resolve` against a gateway."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from gateway.cli import run
from schemas.document import Organization
from tests.api.world import a_document
from tests.cli.world import GONE, Served
from tests.support.stages import HALF, INSTANT, OTHER_HALF, SPLIT, stage


def call(gateway: Served, holder: str, *arguments: str) -> list[str]:
    """Return a command line for one of those who hold a token."""
    return [*arguments, "--url", gateway.url, "--token", gateway.token(holder)]


def test_notices_tell_what_became_of_a_letter(gateway: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """Held when the code was gone, given back by an administrator; each with its receipt."""
    assert run(call(gateway, "hanoi", "notices", "--json")) == 0

    page = json.loads(capsys.readouterr().out)
    held, undeliverable = page["items"]
    assert (held["kind"], held["code"], held["reason"]) == ("held", GONE, "delivery.no_successor")
    assert (undeliverable["kind"], undeliverable["reason"]) == (
        "undeliverable",
        "delivery.returned_by_admin",
    )
    assert undeliverable["explanation"] == "Không có nơi kế thừa"
    assert undeliverable["receipt"]["delivery_receipt"]["stage"] == "undeliverable"


def test_notices_for_people(gateway: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """One line each; nobody else is told."""
    assert run(call(gateway, "hanoi", "notices")) == 0
    shown = capsys.readouterr().out
    assert "tạm giữ" in shown
    assert GONE in shown

    assert run(call(gateway, "hanoi", "notices", "--limit", "1")) == 0
    assert "--after" in capsys.readouterr().out
    assert run(call(gateway, "tuyenquang", "notices")) == 0
    assert "no notices" in capsys.readouterr().out


def test_nothing_waits_any_more(gateway: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """What was decided is gone from the tasks, and cannot be decided again."""
    assert run(call(gateway, "admin", "registry", "tasks")) == 0
    assert "nothing waits" in capsys.readouterr().out

    assert run(call(gateway, "admin", "registry", "resolve", GONE, "--return", "--reason", "x")) == 1
    assert "registry.nothing_held" in capsys.readouterr().err


@pytest.mark.parametrize("decision", [(), ("--to", "H60", "--return")])
def test_a_decision_is_one_of_two(gateway: Served, decision: tuple[str, ...]) -> None:
    """Neither none nor both."""
    assert run(call(gateway, "admin", "registry", "resolve", GONE, "--reason", "x", *decision)) == 64


async def test_a_task_is_seen_and_resolved(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The administrators see what may be chosen and until when; the sender sees what they chose, and why."""
    async with stage(tmp_path) as gateway:

        async def says(holder: str, *arguments: str) -> str:
            token = gateway.tokens[holder]
            line = [*arguments, "--url", gateway.url, "--token", token]
            assert await asyncio.to_thread(run, line) == 0
            return " ".join(capsys.readouterr().out.split())

        sent = await gateway.send(a_document(recipients=(Organization(organ_id=SPLIT),)))
        gateway.clock.now = INSTANT
        await gateway.start("forward")
        await gateway.delivery(sent.json["id"], "held")

        tasks = await says("admin", "registry", "tasks")
        resolved = await says(
            "admin", "registry", "resolve", SPLIT, "--to", HALF, "--reason", "Nghị quyết 1234"
        )
        notices = await says("hanoi", "notices")

    for text in (SPLIT, HALF, OTHER_HALF, "successors", "05/07/2025"):
        assert text in tasks
    assert "sent on" in resolved
    assert f"{SPLIT} → {HALF}" in notices
    assert "1234" in notices
