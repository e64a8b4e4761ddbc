"""The text whose hash officers sign."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.agencies import Agency, entity_id
from routing.agency_change import AgencyChange
from routing.change_lines import change_of, lines_of
from routing.changes.diff import diff_sha256
from routing.status import Status

AT = datetime(2025, 6, 30, 17, 0, tzinfo=UTC)
MOMENTS = st.none() | st.integers(0, 10_000).map(lambda hours: AT + timedelta(hours=hours))
CODES = st.sampled_from(("H26", "H26.1", "H53", "G22"))


@st.composite
def agencies(draw: st.DrawFn) -> Agency:
    """Draw a version of a code."""
    code, since = draw(CODES), draw(MOMENTS)
    return Agency(
        code=code,
        entity_id=entity_id(code, since),
        name=draw(st.text(max_size=8)),
        parent=draw(st.none() | CODES),
        kind="province",
        valid_from=since,
        valid_to=None if since is None else since + timedelta(hours=1),
        successors=tuple(draw(st.lists(CODES, unique=True, max_size=3))),
        aliases=tuple(sorted(draw(st.lists(CODES, unique=True, max_size=2)))),
        status=draw(st.sampled_from((Status.ACTIVE, Status.SUSPENDED, Status.ANNULLED))),
        forward_until=draw(MOMENTS),
    )


CHANGES = st.builds(
    lambda closed, added: AgencyChange(base_version=3, closed=tuple(closed), added=tuple(added)),
    st.lists(agencies(), max_size=4),
    st.lists(agencies(), max_size=4),
)


@given(CHANGES)
def test_its_hash_is_that_of_the_diff(change: AgencyChange) -> None:
    """Whoever has the text can compute what was signed."""
    assert hashlib.sha256(lines_of(change)).hexdigest() == diff_sha256(change)


@given(CHANGES)
def test_it_is_read_back(change: AgencyChange) -> None:
    """Nothing is lost, and writing it again gives the same text."""
    again = change_of(lines_of(change), base_version=3)

    assert sorted(map(str, again.closed)) == sorted(map(str, change.closed))
    assert sorted(map(str, again.added)) == sorted(map(str, change.added))
    assert lines_of(again) == lines_of(change)


@pytest.mark.parametrize(
    "text", [b"x\n", b'{"added":{}}\n', b'{"other":{}}\n', b"[]\n", b'{"added":{},"closed":{}}\n', b"1\n"]
)
def test_what_is_no_change(text: bytes) -> None:
    """Anything else is refused."""
    with pytest.raises(ValueError, match=r"change|JSON|unpack|expected|Expecting|values"):
        change_of(text, base_version=0)
