"""What is true of a PDF and the signatures in it, without any judgement: the answer of the process that reads PDF files.

Facts hold plain values, so they can be sent as JSON, stored, and judged again later under other anchors (`certs.pdf`). Invariant:
nothing here rests on a certificate being good; the signature value itself is verified by whoever judges.
"""

from dataclasses import dataclass
from enum import StrEnum

from certs.pdf_rules import Obstacle, PdfChange, PdfShapeRule

MAX_CERTIFICATES = 16
"""So many certificates may come with one signature; real ones bring three or four."""

MAX_TOKENS = 8
"""So many signature time stamps are looked at; the others count as if they were not there."""

MAX_SIGNATURES = 64
"""So many filled signature fields are looked at; whoever wants more to be verified gets no decision."""


class Coverage(StrEnum):
    """How much of the file one signature is over; the words are pyHanko's."""

    ENTIRE_FILE = "ENTIRE_FILE"
    ENTIRE_REVISION = "ENTIRE_REVISION"
    CONTIGUOUS_BLOCK_FROM_START = "CONTIGUOUS_BLOCK_FROM_START"
    UNCLEAR = "UNCLEAR"


@dataclass(frozen=True, slots=True, kw_only=True)
class CmsFacts:
    """What the CMS object of one signature says.

    `digest` and `algorithm` are short names from the allow-list, or None where `forbidden` names what was found. `signer` is
    the certificate that SignerIdentifier points at, among `certificates`; `names_signer` tells whether every signed
    signingCertificate attribute, at least one, names it. `signed_attributes` are the octets that `value` is the signature over;
    `pss_salt` is there for RSASSA-PSS only. `tokens` are the signature time stamps, unexamined.
    """

    digest: str | None
    algorithm: str | None
    forbidden: str | None
    pss_salt: int | None
    message_digest: bytes
    signed_attributes: bytes
    value: bytes
    signer: bytes | None
    names_signer: bool
    certificates: tuple[bytes, ...]
    tokens: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfSignature:
    """One filled signature field.

    `shape` is the rule that is broken, and then there is no more than that. `digest_matches` tells whether the octets that it is
    over are those that were signed, and `signed_sha256` is their SHA-256 (hex). `claimed_time` is what the signer says, with a
    zone where there is one.
    """

    field: str
    sub_filter: str | None
    revision: int
    shape: PdfShapeRule | None = None
    cms: CmsFacts | None = None
    contiguous: bool = False
    coverage: Coverage = Coverage.UNCLEAR
    change: PdfChange | None = None
    digest_matches: bool = False
    signed_sha256: str | None = None
    certifies: bool = False
    claimed_time: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentTimestamp:
    """One document time stamp (ISO 32000-2 §12.8.5), unexamined; `token` is its DER, `contiguous` as of a signature."""

    field: str
    revision: int
    token: bytes
    contiguous: bool
    covered_sha256: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfFacts:
    """What one file holds: its signatures in the order in which they were made, or why nothing is known.

    `unreadable` says why the file is no PDF; `obstacle` is what kept us from examining it. `sha256` (hex) is that of the octets
    that were examined.
    """

    signatures: tuple[PdfSignature, ...] = ()
    timestamps: tuple[DocumentTimestamp, ...] = ()
    unreadable: str | None = None
    encrypted: bool = False
    obstacle: Obstacle | None = None
    sha256: str | None = None

    @classmethod
    def undecided(cls, obstacle: Obstacle) -> "PdfFacts":
        """Say that the file could not be examined."""
        return cls(obstacle=obstacle)
