"""What a verification relies on, from the files that its command line names.

Invariants: an anchor comes from `--trust-anchor` only; a certificate from `--intermediate` is a building block even if it signed
itself; a certificate that cannot be used is an error, and a revocation list or OCSP answer that cannot be used is told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from certs.certificate import load_certificates
from certs.errors import BadTrustBundleError, TrustError
from certs.errors_policy import BadPolicyError
from certs.errors_revocation import BadOcspAnswerError, BadRevocationListError
from certs.policy import Policy, default_policy
from certs.revocation import OcspAnswer, Revocation, RevocationList
from certs.trust import Trust
from gateway.cli.verification.encodings import split_certificates

MAX_IN_MEMORY: Final = 1 << 24
"""Octets up to which a file is read once; the parts of a larger one are read where they are needed."""


_Taken = TypeVar("_Taken", RevocationList, OcspAnswer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Relied:
    """What a verification relies on, and the revocation lists and OCSP answers that it cannot rely on."""

    trust: Trust
    refused: tuple[TrustError, ...] = ()


def load_trust(
    anchor_files: Sequence[Path],
    intermediate_files: Sequence[Path],
    list_files: Sequence[Path],
    answer_files: Sequence[Path] = (),
    *,
    policy: Policy,
) -> Relied:
    """Load anchors, intermediates, revocation lists and OCSP answers; if there are any of the latter, revocation must be known.

    One that cannot be used is the same as one that is not there: whatever it was to tell stays unknown.

    Raises:
        BadTrustBundleError: a file for certificates holds something else.
        OSError: a file cannot be read.

    """
    anchors = Trust.from_pem(*(path.read_bytes() for path in anchor_files))
    broken: list[TrustError] = []
    ders = [der for path in intermediate_files for der in _ders(path)]
    intermediates = load_certificates(dict.fromkeys(ders), errors=broken)
    if broken:
        raise BadTrustBundleError(reason="an intermediate certificate cannot be read")
    held = (*anchors.intermediates, *intermediates)
    issuers = (*anchors.authorities(), *intermediates)
    refused: list[TrustError] = []
    lists = _taken(list_files, lambda data: RevocationList.read(data, issuers=issuers), refused)
    answers = _taken(answer_files, lambda data: OcspAnswer.read(data, issuers=issuers), refused)
    trust = Trust(
        anchors=anchors.anchors,
        intermediates=held,
        lists=lists,
        responses=answers,
        revocation=Revocation.REQUIRE if list_files or answer_files else Revocation.OFF,
        policy=policy,
    )
    return Relied(trust=trust, refused=tuple(refused))


def _taken(
    files: Sequence[Path], read: Callable[[bytes], tuple[_Taken, ...]], refused: list[TrustError]
) -> tuple[_Taken, ...]:
    found: dict[_Taken, None] = {}
    for path in files:
        try:
            found |= dict.fromkeys(read(path.read_bytes()))
        except (BadRevocationListError, BadOcspAnswerError) as error:
            refused.append(error)
    return tuple(found)


def _ders(path: Path) -> tuple[bytes, ...]:
    ders = split_certificates(path.read_bytes())
    if not ders:
        raise BadTrustBundleError(reason=f"there is no certificate in {path.name}")
    return ders


def load_policy(path: Path | None) -> Policy:
    """Return the policy of a file, or the one that counts without one.

    Raises:
        UnreadableFileError: it is no policy.
        OSError: it cannot be read.

    """
    if path is None:
        return default_policy()
    from certs.policy_file import read_policy  # noqa: PLC0415 - start-up time
    from gateway.cli.output import UnreadableFileError, read_file  # noqa: PLC0415 - start-up time

    try:
        return read_policy(read_file(path))
    except BadPolicyError as error:
        text_vi, text_en = (text.format(**error.facts) for text in (error.vi, error.en))
        raise UnreadableFileError(vi=f"{path.name}: {text_vi}", en=f"{path.name}: {text_en}") from error


def load_source(path: Path) -> bytes | Path:
    """Return the content of a file or, if it is large, the path from which it will be read in pieces.

    Raises:
        OSError: the file cannot be read.

    """
    with path.open("rb") as file:
        content = file.read(MAX_IN_MEMORY + 1)
    return content if len(content) <= MAX_IN_MEMORY else path
