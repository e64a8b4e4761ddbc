"""`--registry`: the sender's code names an agency of the list, and the certificate is that agency's (`routing.binding`)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from certs.verdict import Signer
from gateway.cli.verification.documents import Bind
from routing.agencies import Directory, registry_sha256
from routing.agency_csv import parse_agencies
from routing.binding import bind_signer
from routing.errors import RegistryFileErrors
from routing.resolve import resolve


def binder(path: Path, *, at: datetime) -> Bind:
    """Return the binding by a list of agencies.

    Raises:
        UnreadableFileError: the list has faults, which were shown.
        OSError: it cannot be read.

    """
    try:
        agencies = parse_agencies(path.read_bytes())
    except RegistryFileErrors as refused:
        from gateway.cli.offline import unusable_registry  # noqa: PLC0415 - start-up time

        raise unusable_registry(path, refused) from refused
    directory = Directory(0, registry_sha256(agencies, ()), agencies, ())

    def bind(signer: Signer, code: str) -> str:
        resolved = resolve(code, directory=directory, at=at)
        binding = bind_signer(signer, resolved.agency, at=at, as_sent=resolved.as_sent)
        return f"registry:{binding.rule.value}={binding.evidence}"

    return bind
