"""From recipients to deliveries."""

import random
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.agencies import Member
from routing.delivery import Delivery
from routing.errors import RecipientNotConnected
from routing.resolve import Resolved, resolve
from routing.route import route
from tests.support.registry import BEFORE, HANOI, TAY_NINH, a_directory, an_agency

DIRECTORY = a_directory()


def resolved(*texts: str) -> tuple[Resolved, ...]:
    """Return the agencies behind some codes of the home scenario."""
    return tuple(resolve(text, directory=DIRECTORY, at=BEFORE) for text in texts)


def test_each_recipient_gets_a_delivery_through_its_system() -> None:
    """A delivery names the code, the form in the document, the system and its queue."""
    assert route(resolved("000.00.02.H26", "H53"), directory=DIRECTORY, at=BEFORE) == (
        Delivery(code="H26.2", as_sent="000.00.02.H26", member=HANOI.id, queue=HANOI.queue),
        Delivery(code="H53", as_sent="H53", member=TAY_NINH.id, queue=TAY_NINH.queue),
    )


def test_an_agency_addressed_twice_gets_one_delivery() -> None:
    """Its code and its older form are the same recipient, whichever comes first."""
    for recipients in permutations(resolved("H26.2", "000.00.02.H26", "H26.2")):
        (delivery,) = route(recipients, directory=DIRECTORY, at=BEFORE)
        assert delivery.code == "H26.2"


def test_recipients_that_nobody_serves_are_all_named() -> None:
    """One recipient without a system keeps the whole document from being routed."""
    directory = a_directory(members=(TAY_NINH,))
    with pytest.raises(RecipientNotConnected) as caught:
        route(resolved("H53", "H26.2", "G22", "H26.2"), directory=directory, at=BEFORE)
    assert caught.value.facts == {"codes": ("G22", "H26.2")}
    assert str(caught.value) == "No connected system serves the recipients: G22, H26.2."


def test_no_recipients_make_no_deliveries() -> None:
    """An empty list of recipients is routed to nobody; that a document has some is checked elsewhere."""
    assert route((), directory=DIRECTORY, at=BEFORE) == ()


def test_the_longest_prefix_decides() -> None:
    """A department with a system of its own is not served by its province's system."""
    own = Member(id="so-noi-vu", name="Sở Nội vụ", prefixes=("H26.2",), queue="member.snv", gateway="gw")
    directory = a_directory(members=(HANOI, own))
    members = {
        each.code: each.member
        for each in route(resolved("H26", "H26.1", "H26.2", "H26.21"), directory=directory, at=BEFORE)
    }
    assert members == {"H26": "hanoi", "H26.1": "hanoi", "H26.2": "so-noi-vu", "H26.21": "hanoi"}


CODES = st.lists(st.sampled_from(["H26", "H26.1", "H26.2", "H26.2.1", "H53", "H53.7"]), max_size=8)


@given(codes=CODES, order=st.randoms(use_true_random=False))
def test_the_order_of_recipients_does_not_matter(codes: list[str], order: random.Random) -> None:
    """Any order of the same recipients gives the same deliveries."""
    recipients = [Resolved(as_sent=code, agency=an_agency(code)) for code in codes]
    expected = route(tuple(recipients), directory=DIRECTORY, at=BEFORE)
    order.shuffle(recipients)
    assert route(tuple(recipients), directory=DIRECTORY, at=BEFORE) == expected
    assert [each.code for each in expected] == sorted(set(codes))
