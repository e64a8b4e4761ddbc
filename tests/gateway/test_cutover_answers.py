"""After a cut-over: statuses and recalls of documents from before, spoken by and to those who took over.

`tests/support/cutover.py` tells of the night.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from routing.log import Kind
from tests.support.cutover import (
    BEFORE,
    HANOI,
    HOUR,
    LONG_AN,
    NEW,
    document,
    new_body,
    night,
    objections,
    recall,
    status,
    taken,
    warnings,
)
from tests.support.registry import CUT_OVER

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_successor_answers_for_its_predecessors(tmp_path: Path) -> None:
    """From its own system, under its own code; a stranger may not, and nobody answers for what came after the predecessor."""
    async with night(tmp_path) as when:
        when.turn(BEFORE)
        to_long_an = taken(await when.submit(document("H26", "H39"), HANOI))
        to_old = taken(await when.submit(document("H26", "H53"), HANOI))
        when.turn(CUT_OVER + HOUR)
        for sent in (to_long_an, to_old):
            body = status(sent.message.document_id, sender="H53", about="H26")
            said = taken(await when.say(body, NEW))
            assert said.message.about == sent.message.id
        stranger = status(to_long_an.message.document_id, sender="H26.2", about="H26")
        assert objections(await when.say(stranger, HANOI)) == {"status.unknown_document"}
        shown = (await when.gateway.call("GET", f"/v1/documents/{to_long_an.message.id}")).json

        [delivery] = shown["deliveries"]
        assert (delivery["code"], delivery["progress"]["status_code"]) == ("H39", "03")
        [told] = shown["statuses"]
        assert (told["sender"], told["recipient"], told["effect"]) == ("H53", "H39", "advanced")


async def test_an_answer_to_a_closed_sender_goes_to_its_successor(tmp_path: Path) -> None:
    """A status names the sender as the document does, and cannot choose another one."""
    async with night(tmp_path) as when:
        when.turn(BEFORE)
        sent = taken(await when.submit(document("H39", "H26"), LONG_AN))
        when.turn(CUT_OVER + HOUR)
        said = taken(await when.say(status(sent.message.document_id, sender="H26", about="H39"), HANOI))

        assert [(each.code, each.as_sent, each.member_id) for each in said.recipients] == [
            ("H53", "H39", "tayninhmoi")
        ]
        assert said.message.about == sent.message.id
        assert "registry.answer_forwarded" in warnings(said)
        assert (await when.accepted_entry(said))["forwarded"][0]["rule"] == "answer-follows"


async def test_the_successor_recalls_what_its_predecessor_sent(tmp_path: Path) -> None:
    """Signed by the new body, brought by its system; the old code's string gives nobody else that right."""
    new = new_body()
    async with night(tmp_path) as when:
        when.turn(BEFORE)
        sent = taken(await when.submit(document("H39", "H26"), LONG_AN))
        foreign = taken(await when.submit(document("H26", "H53"), HANOI))
        when.turn(CUT_OVER + HOUR)
        mine = await when.submit(recall("H53", "H26", sent, by=new), NEW)
        anothers = await when.submit(recall("H53", "H26", foreign, by=new), NEW)

        assert taken(mine).message.refers_to[0]["document_id"] == sent.message.document_id
        assert Kind.REFERRED in [each.kind for each in await when.entries(sent.message.id)]
        assert objections(anothers) == {"correspondence.not_its_sender"}


async def test_a_document_is_recalled_from_the_successor(tmp_path: Path) -> None:
    """Its addressee is closed; whoever took over is asked instead."""
    async with night(tmp_path) as when:
        when.turn(BEFORE)
        sent = taken(await when.submit(document("H26", "H39"), HANOI))
        when.turn(CUT_OVER + HOUR)
        taken(await when.submit(recall("H26", "H53", sent), HANOI))
        never = await when.submit(recall("H26", "H26.1", sent), HANOI)

        assert objections(never) == {"correspondence.never_sent_to"}
