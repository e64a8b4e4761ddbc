"""What one answer of a responder says at a moment, by itself."""

from datetime import datetime

from certs.answers_at import AnswersAt
from tests.support import pki
from tests.support.ocsp import REVOKED, answer, read

AT, DAY = pki.AT, pki.DAY
SIGNER = pki.signer()[0]


def _good(*, since: datetime) -> int:
    held = (read(answer(pki.root(), SIGNER, REVOKED, since=since)),)
    return len(list(AnswersAt(held=held, lists=(), at=AT, known=AT).good(SIGNER)))


def test_revoked_is_not_good() -> None:
    """From the date on that an answer names, it makes nobody good; until then it does."""
    assert _good(since=AT - DAY) == 0
    assert _good(since=AT) == 0
    assert _good(since=AT + DAY) == 1
