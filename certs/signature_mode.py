"""Which signatures a sending agency's documents must bear: the envelope's, an attachment's, one of them or both.

The legal signature of an official document is often in the attached PDF, while the envelope's vouches for everything that was
sent. Which of them must be there is a matter of policy, agency by agency. Invariant: a mode says what may be absent, never that a
signature which is there may be wrong.
"""

from collections.abc import Collection
from enum import StrEnum
from typing import Final


class SignatureMode(StrEnum):
    """What must be signed before a document passes."""

    ENVELOPE = "envelope"
    ATTACHMENT = "attachment"
    EITHER = "either"
    BOTH = "both"
    REPORT = "report"


class SignedPart(StrEnum):
    """A part of a document that can bear a signature."""

    ENVELOPE = "envelope"
    ATTACHMENT = "attachment"


_NOTHING: Final[frozenset[SignedPart]] = frozenset()
_EVERYTHING: Final = frozenset(SignedPart)


def missing_parts(mode: SignatureMode, signed: Collection[SignedPart]) -> frozenset[SignedPart]:
    """Return the parts whose signature is missing, given those that bear a valid one of the sending agency.

    Where one of two is enough and neither is there, both are missing.
    """
    absent = _EVERYTHING.difference(signed)
    match mode:
        case SignatureMode.ENVELOPE:
            return absent & {SignedPart.ENVELOPE}
        case SignatureMode.ATTACHMENT:
            return absent & {SignedPart.ATTACHMENT}
        case SignatureMode.EITHER:
            return absent if absent == _EVERYTHING else _NOTHING
        case SignatureMode.BOTH:
            return absent
        case SignatureMode.REPORT:
            return _NOTHING


def needs_attachments(mode: SignatureMode, *, is_envelope_signed: bool) -> bool:
    """Tell whether signatures in attachments have to be looked at, now that the envelope has been."""
    match mode:
        case SignatureMode.ENVELOPE:
            return False
        case SignatureMode.EITHER:
            return not is_envelope_signed
        case SignatureMode.ATTACHMENT | SignatureMode.BOTH | SignatureMode.REPORT:
            return True
