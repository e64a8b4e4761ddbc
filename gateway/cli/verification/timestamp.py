"""`--type tst`: a time stamp of RFC 3161, alone or in the authority's response, and whether it is over the data that is given.

Without the data the token is judged by itself, and the report says so: a good time stamp over something else looks the same.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

from certs.certificate import fingerprint
from certs.errors_timestamp import ImprintNotComparedError, NotATimestampError
from certs.indication import Scope
from certs.timestamp import Timestamp, verify_token
from certs.trust import Trust
from certs.verdict import Signer
from gateway.cli.verification.encodings import single_der
from gateway.cli.verification.report import Judgement


def judge_timestamp(source: bytes | Path, *, data: Path | None, trust: Trust, at: datetime) -> Judgement:
    """Judge a time stamp and, if there is data, whether it is over that.

    Raises:
        OSError: the data cannot be read.

    """
    # What is too large to be held in memory is no time stamp.
    if not isinstance(source, bytes):
        return Judgement.failed(NotATimestampError())

    def digest(name: str) -> bytes:
        if data is None:
            raise ValueError("there is no data")
        with data.open("rb") as file:
            return hashlib.file_digest(file, name).digest()

    found = verify_token(
        single_der(source), trust=trust, at=at, imprint_of=digest if data is not None else None
    )
    return _judgement(found, is_compared=data is not None, trust=trust)


def _judgement(timestamp: Timestamp, *, is_compared: bool, trust: Trust) -> Judgement:
    chain = tuple(fingerprint(certificate) for certificate in timestamp.path)
    signer = None
    if timestamp.path:
        signer = Signer.from_path(timestamp.path, chain, codes=trust.terms_of(timestamp.path[-1]).codes)
    uncompared = timestamp.info is not None and not is_compared
    return Judgement(
        indication=timestamp.indication,
        sub_indication=timestamp.sub_indication,
        errors=timestamp.errors,
        remarks=(*timestamp.remarks, *((ImprintNotComparedError(),) if uncompared else ())),
        form="RFC3161" if timestamp.info is not None else None,
        scope=Scope.FULL if is_compared and not timestamp.errors else Scope.NONE,
        signer=signer,
        chain=chain,
        revocation=timestamp.revocation,
        timestamps=(timestamp,) if timestamp.info is not None else (),
    )
