"""Documents around the instant of a cut-over: every rule by which they are accepted, refused or forwarded, one after the other.

`tests/support/cutover.py` tells of the night; `test_cutover_answers.py` of what is said afterwards of documents from before.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from gateway.flow.stated import milliseconds
from routing.agencies import Member, entity_id
from routing.log import Kind
from tests.support.cutover import (
    BEFORE,
    DAY,
    HANOI,
    HOUR,
    LONG_AN,
    MINUTE,
    NEW,
    OLD,
    SECOND,
    SINCE,
    document,
    long_an,
    new_body,
    night,
    objections,
    refused,
    stamped,
    taken,
    warnings,
)
from tests.support.registry import CUT_OVER

pytestmark = pytest.mark.asyncio(loop_scope="session")


# A receiver that is closed.


async def test_a_closed_receiver_is_refused_and_its_successor_named(tmp_path: Path) -> None:
    """Until the instant it gets its mail, from the instant on nobody gets it; nothing is redirected silently."""
    async with night(tmp_path) as when:
        when.turn(BEFORE)
        before = taken(await when.submit(document("H26", "H39"), HANOI))
        when.turn(CUT_OVER)
        after = refused(await when.submit(document("H26", "H39"), HANOI))

        assert [each.member_id for each in before.recipients] == ["longan"]
        assert objections(after) == {"registry.code_closed"}
        assert after.decisive is not None
        assert (after.decisive.facts["successors"], after.decisive.facts["since"]) == (("H53",), SINCE)
        assert "H53" in after.decisive.fix_en


async def test_an_order_to_forward_leads_to_the_one_successor(tmp_path: Path) -> None:
    """As long as the registry says so; the warning and the entry name both codes and the rule."""
    until = CUT_OVER + 3 * DAY
    async with night(tmp_path, changed=(long_an(forward_until=until),)) as when:
        when.turn(until - SECOND)
        forwarded = taken(await when.submit(document("H26", "000.00.00.H39"), HANOI))
        when.turn(until)
        late = await when.submit(document("H26", "H39"), HANOI)

        assert [(each.code, each.as_sent, each.member_id) for each in forwarded.recipients] == [
            ("H53", "000.00.00.H39", "tayninhmoi")
        ]
        assert warnings(forwarded) == {"registry.code_forwarded"}
        assert (await when.accepted_entry(forwarded))["forwarded"] == [
            {"rule": "forward-until", "code": "H39", "as_sent": "000.00.00.H39", "to": "H53"}
        ]
        assert objections(late) == {"registry.code_closed"}
        await when.gateway.arrived(forwarded.message.id, member=await when.token("tayninhmoi"))


@pytest.mark.parametrize(
    "successors", [(), ("H53", "H26"), ("H99",), ("H39",)], ids=["none", "two", "unknown", "itself"]
)
async def test_without_one_successor_nothing_is_forwarded(
    tmp_path: Path, successors: tuple[str, ...]
) -> None:
    """Whatever the order to forward says."""
    version = long_an(successors=successors, forward_until=CUT_OVER + 9 * DAY)
    async with night(tmp_path, changed=(version,)) as when:
        when.turn(CUT_OVER + HOUR)
        assert objections(await when.submit(document("H26", "H39"), HANOI)) == {"registry.code_closed"}


# A sender that is closed.


async def test_a_closed_sender_is_refused_and_its_successor_named(tmp_path: Path) -> None:
    """The old body may send until the instant; what it claims to have signed before proves nothing."""
    async with night(tmp_path) as when:
        when.turn(BEFORE)
        taken(await when.submit(document("H39", "H26"), LONG_AN))
        when.turn(CUT_OVER)
        after = await when.submit(document("H39", "H26"), LONG_AN)
        claimed = await when.submit(stamped("H39", None), LONG_AN)

        assert objections(after) == objections(claimed) == {"registry.code_closed"}
        decisive = refused(after).decisive
        assert decisive is not None
        assert (decisive.facts["successors"], decisive.facts["since"]) == (("H53",), SINCE)


@pytest.mark.parametrize("caller", [LONG_AN, NEW], ids=["its old system", "the successor's system"])
async def test_a_trusted_time_before_the_instant_counts_within_the_grace(
    tmp_path: Path, caller: Member
) -> None:
    """The entry says by which rule, and on which time it rests."""
    proven = CUT_OVER - 5 * MINUTE
    async with night(tmp_path) as when:
        when.turn(CUT_OVER + 29 * DAY)
        accepted = taken(await when.submit(stamped("H39", proven), caller))

        assert accepted.message.sender_code == "H39"
        assert "registry.closed_code_grace" in warnings(accepted)
        entry = await when.accepted_entry(accepted)
        assert entry["late"] == {
            "rule": "closed-code-grace",
            "code": "H39",
            "entity": entity_id("H39", None),
            "proven_t": milliseconds(proven),
            "time_source": "TIMESTAMP",
            "until_t": milliseconds(CUT_OVER + 30 * DAY),
        }
        assert entry["rule"] == "certificate-subject"


@pytest.mark.parametrize(
    ("proven", "at", "caller", "expected"),
    [
        (CUT_OVER, CUT_OVER + DAY, LONG_AN, "registry.code_closed"),
        (CUT_OVER - SECOND, CUT_OVER + 30 * DAY, LONG_AN, "registry.code_closed"),
        (CUT_OVER - SECOND, CUT_OVER + DAY, HANOI, "access.sender_not_bound"),
        (CUT_OVER - SECOND, CUT_OVER + DAY, OLD, "access.sender_not_bound"),
    ],
    ids=["a time too late", "after the grace", "a stranger's system", "a neighbour's old system"],
)
async def test_the_grace_has_limits(
    tmp_path: Path, proven: datetime, at: datetime, caller: Member, expected: str
) -> None:
    """The time must be before the instant, the grace not over, and the system one of either body."""
    async with night(tmp_path) as when:
        when.turn(at)
        assert objections(await when.submit(stamped("H39", proven), caller)) == {expected}


async def test_the_grace_is_a_setting(tmp_path: Path) -> None:
    """`VANTHU_CODE_GRACE` in days."""
    async with night(tmp_path, code_grace=2) as when:
        when.turn(CUT_OVER + 2 * DAY - SECOND)
        taken(await when.submit(stamped("H39", BEFORE), LONG_AN))
        when.turn(CUT_OVER + 2 * DAY)
        assert objections(await when.submit(stamped("H39", BEFORE), LONG_AN)) == {"registry.code_closed"}


# The same string, another body.


async def test_the_old_bodys_credential_and_certificate_stop_at_the_instant(tmp_path: Path) -> None:
    """Though the code lives on; whoever calls with it hears until when it served whom, and who has the code now."""
    async with night(tmp_path) as when:
        when.turn(BEFORE)
        taken(await when.submit(document("H53", "H26"), OLD))
        when.turn(CUT_OVER)
        after = refused(await when.submit(document("H53", "H26"), OLD))
        through_the_new = refused(await when.submit(document("H53", "H26"), NEW))

        assert objections(after) == {"access.sender_not_bound", "access.signer_not_bound"}
        told = next(each for each in after.findings if each.code == "access.sender_not_bound")
        assert told.facts["reason"] == "ended"
        assert SINCE in told.en
        assert SINCE in told.vi
        assert objections(through_the_new) == {"access.signer_not_bound"}
        assert through_the_new.decisive is not None
        assert through_the_new.decisive.facts["reason"] == "names_predecessor"


async def test_the_new_bodys_credential_works_from_the_instant(tmp_path: Path) -> None:
    """Not a second before."""
    new = new_body()
    async with night(tmp_path) as when:
        when.turn(BEFORE)
        early = refused(await when.submit(document("H53", "H26"), NEW))
        when.turn(CUT_OVER)
        accepted = taken(await when.submit(document("H53", "H26", by=new), NEW))
        delivered = taken(await when.submit(document("H26", "H53"), HANOI))

        assert objections(early) == {"access.sender_not_bound"}
        assert early.decisive is not None
        assert early.decisive.facts["reason"] == "not_begun"
        assert accepted.message.member_id == "tayninhmoi"
        assert [each.member_id for each in delivered.recipients] == ["tayninhmoi"]


async def test_what_the_old_body_signed_before_counts_within_the_grace(tmp_path: Path) -> None:
    """With a trusted time it is the old body's document still, though the code is another body's by now."""
    async with night(tmp_path) as when:
        when.turn(CUT_OVER + DAY)
        accepted = taken(await when.submit(stamped("H53", BEFORE), OLD))
        too_late = await when.submit(stamped("H53", CUT_OVER), OLD)

        assert (await when.accepted_entry(accepted))["late"]["entity"] == entity_id("H53", None)
        assert objections(too_late) == {"access.sender_not_bound", "access.signer_not_bound"}


# On the way while it happens.


async def test_a_retry_after_the_instant_gets_the_first_answer(tmp_path: Path) -> None:
    """What was accepted before it is no new decision, and writes no new entry."""
    async with night(tmp_path) as when:
        when.turn(BEFORE)
        body = document("H39", "H53")
        first = taken(await when.submit(body, LONG_AN, key="k-1"))
        when.turn(CUT_OVER + DAY)
        again = taken(await when.submit(body, LONG_AN, key="k-1"))

        assert again.replayed
        assert (again.message, again.entry) == (first.message, first.entry)
        kinds = [each.kind for each in await when.gateway.log()]
        assert (kinds.count(Kind.ACCEPTED), kinds.count(Kind.REJECTED)) == (1, 0)


async def test_what_was_accepted_before_arrives_after_the_instant(tmp_path: Path) -> None:
    """Codes count as of the acceptance, and the entry says which moment that was."""
    body = document("G22", "H39")
    async with night(tmp_path) as when:
        when.turn(CUT_OVER + HOUR)
        arrived = await when.arrival(body, accepted_at=BEFORE, code="H39")
        late = await when.arrival(document("G22", "H39"), accepted_at=CUT_OVER, code="H39")

        assert arrived.kind is Kind.ARRIVED
        assert (arrived.fields["member"], arrived.fields["codes_t"]) == ("longan", milliseconds(BEFORE))
        assert (late.kind, late.fields["reason"]) == (Kind.ARRIVAL_REFUSED, "registry.code_closed")


@pytest.mark.parametrize(
    ("at", "accepted_at", "arrives"),
    [
        (CUT_OVER + 29 * DAY, BEFORE, True),
        (CUT_OVER + 30 * DAY, BEFORE, False),
        (CUT_OVER - DAY, CUT_OVER + DAY, True),
        (CUT_OVER - MINUTE, CUT_OVER + SECOND, False),
    ],
    ids=[
        "within the grace",
        "older than the grace",
        "a time to come is not believed",
        "a clock a little ahead is",
    ],
)
async def test_another_gateways_time_is_believed_within_limits(
    tmp_path: Path, at: datetime, accepted_at: datetime, *, arrives: bool
) -> None:
    """Where its time of acceptance is not believed, the codes of now count."""
    async with night(tmp_path) as when:
        when.turn(at)
        entry = await when.arrival(document("G22", "H39"), accepted_at=accepted_at, code="H39")
        assert (entry.kind is Kind.ARRIVED) is arrives
