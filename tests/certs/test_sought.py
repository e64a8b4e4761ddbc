"""Whose revocation was not known is noted, each once and no more of them than can be fetched."""

from certs.known_paths import CertificatePath
from certs.revocation import Standing, Status
from certs.rules import RevocationGap
from certs.sought import MOST, Sought
from tests.support import pki

PATH: CertificatePath = (pki.signer()[0], pki.authority().certificate, pki.root().certificate)
GOOD = Status(standing=Standing.GOOD)
UNKNOWN = Status(standing=Standing.UNKNOWN, gap=RevocationGap.MISSING)


def test_what_is_noted() -> None:
    """Each certificate of which nothing is known, with its issuer; taking the notes leaves none."""
    sought = Sought()
    sought.note(PATH, (GOOD, GOOD))
    assert sought.take() == ()
    sought.note(PATH, (GOOD, UNKNOWN))
    sought.note(PATH, (UNKNOWN, UNKNOWN))
    assert sought.take() == ((PATH[1], PATH[2]), (PATH[0], PATH[1]))
    assert sought.take() == ()


def test_there_is_an_end_to_noting() -> None:
    """So many are kept; whoever asks for more of them asks again."""
    sought = Sought()
    issuers = [f"issuer {number}" for number in range(MOST + 1)]
    for issuer in issuers:
        sought.note((PATH[0], issuer), (UNKNOWN,))  # type: ignore[arg-type]  # anything that is the same as itself only
    assert [pair[1] for pair in sought.take()] == issuers[:MOST]
