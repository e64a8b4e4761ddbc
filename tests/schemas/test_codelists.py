"""Code lists."""

from schemas.codelists import (
    BUSINESS_TYPES,
    PRIORITIES,
    REASON_EXPECTED,
    SENT_BY_SENDER,
    STATUS_CODES,
    may_send,
)


def test_lists_are_complete() -> None:
    """The lists hold the codes of the standard, each with a name in both languages."""
    assert list(STATUS_CODES) == ["01", "02", "03", "04", "05", "06", "13", "15", "16"]
    assert list(PRIORITIES) == [0, 1, 2, 3, 4]
    assert list(BUSINESS_TYPES) == [0, 1, 2, 3]
    names = [*STATUS_CODES.values(), *PRIORITIES.values(), *BUSINESS_TYPES.values()]
    assert all(name.vi and name.en for name in names)


def test_special_statuses_are_in_the_list() -> None:
    """Statuses with a rule of their own are statuses."""
    assert STATUS_CODES.keys() >= SENT_BY_SENDER | REASON_EXPECTED


def test_who_may_send_which() -> None:
    """A request to give a document back comes from its sender, every other status from a receiver."""
    assert [code for code in STATUS_CODES if may_send(code, is_sender=True)] == ["13"]
    assert [code for code in STATUS_CODES if not may_send(code, is_sender=False)] == ["13"]
    assert not may_send("07", is_sender=True)
    assert not may_send("07", is_sender=False)
