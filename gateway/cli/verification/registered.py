"""`--registry`: the sender's code names an agency of the list, and the certificate is that agency's (`routing.binding`).

A PDF names no sender: there the certificate alone says whose it is, if it is an agency's of the list.
"""

from __future__ import annotations

import contextlib
from datetime import datetime
from pathlib import Path

from certs.verdict import Signer
from gateway.cli.verification.documents import Bind, FindAgency
from routing.agencies import Directory
from routing.agency_csv import parse_agencies
from routing.binding import Binding, bind_signer
from routing.errors import RegistryFileErrors, SignerNotBound
from routing.registry_hash import registry_sha256
from routing.resolve import resolve


def binder(path: Path, *, at: datetime) -> Bind:
    """Return the binding by a list of agencies.

    Raises:
        UnreadableFileError: the list has faults, which were shown.
        OSError: it cannot be read.

    """
    directory = _directory(path)

    def bind(signer: Signer, code: str) -> str:
        resolved = resolve(code, directory=directory, at=at)
        return _told(bind_signer(signer, resolved.agency, at=at, as_sent=resolved.as_sent))

    return bind


def finder(path: Path, *, at: datetime) -> FindAgency:
    """Return what finds the agency of a list whose certificate a signer has.

    Raises:
        UnreadableFileError: the list has faults, which were shown.
        OSError: it cannot be read.

    """
    directory = _directory(path)

    def find(signer: Signer) -> tuple[str, str] | None:
        for agency in directory.agencies():
            if not agency.in_force(at):
                continue
            with contextlib.suppress(SignerNotBound):
                # Nothing was sent under a code, so the certificate may name any form of it that the list has.
                named = signer.subject_serial_number
                return agency.code, _told(bind_signer(signer, agency, at=at, as_sent=named))
        return None

    return find


def _told(binding: Binding) -> str:
    return f"registry:{binding.rule.value}={binding.evidence}"


def _directory(path: Path) -> Directory:
    try:
        agencies = parse_agencies(path.read_bytes())
    except RegistryFileErrors as refused:
        from gateway.cli.offline import unusable_registry  # noqa: PLC0415 - start-up time

        raise unusable_registry(path, refused) from refused
    return Directory(0, registry_sha256(agencies, ()), agencies, ())
