"""What the answers about one certificate say at a time (RFC 6960 §3.2, §4.2.2.1).

Invariants: an older answer is replaced by a newer one, and of two from one second the worse counts; an answer makes good only
while it is in force, and never if a list names the certificate of the responder that signed it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from certs.lists_at import telling
from certs.ocsp import OcspAnswer
from certs.revocation_list import RevocationList
from certs.revocation_status import SKEW, Status
from certs.rules import RevocationGap
from certs.standing import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswersAt:
    """What `held` says of `at`, as far as it had been given at `known`; `lists` are those of the same authority."""

    held: tuple[OcspAnswer, ...]
    lists: tuple[RevocationList, ...]
    at: datetime
    known: datetime

    def revoked(self, _serial_number: int) -> Iterator[Status]:
        """Yield what says that the certificate is revoked, whether it is in force still or not."""
        for each in (*_newest(self.held, at=self.known), *self._later()):
            if each.entry is not None and each.entry.since <= self.at:
                yield Status(standing=Standing.REVOKED, source=each, entry=each.entry)

    def good(self, certificate: x509.Certificate) -> Iterator[Status]:
        """Yield that the certificate is good, or will be revoked later than the time that counts."""
        moment = telling(certificate, at=self.at, known=self.known)
        for each in _newest(self.held, at=moment):
            is_good = each.is_known and (each.entry is None or each.entry.since > self.at)
            if is_good and each.next_update >= self.at and not is_named(each.responder, self.lists):
                yield Status(standing=Standing.GOOD, source=each, entry=each.entry)

    def gaps(self, _certificate: x509.Certificate) -> Iterator[Status]:
        """Yield why nothing makes the certificate good."""
        for each in _newest(self.held, at=self.known):
            if each.next_update < self.at:
                yield Status(standing=Standing.UNKNOWN, source=each, gap=RevocationGap.STALE)
            elif not each.is_known:
                yield Status(standing=Standing.UNKNOWN, source=each, gap=RevocationGap.UNKNOWN_THERE)
        for each in self._later():
            yield Status(standing=Standing.UNKNOWN, source=each, gap=RevocationGap.NOT_YET)

    def _later(self) -> Iterator[OcspAnswer]:
        return (each for each in self.held if each.this_update > self.known + SKEW)


def _newest(answers: Iterable[OcspAnswer], *, at: datetime) -> tuple[OcspAnswer, ...]:
    """Return the newest answers that had been given at a moment: more than one only if they are from one second."""
    given = [each for each in answers if each.this_update <= at + SKEW]
    newest = max((each.this_update for each in given), default=None)
    return tuple(each for each in given if each.this_update == newest)


def is_named(certificate: x509.Certificate | None, lists: Iterable[RevocationList]) -> bool:
    """Tell whether any list of its issuer names a certificate, at whatever time: such a one makes nobody good."""
    return certificate is not None and any(certificate.serial_number in each.entries for each in lists)
