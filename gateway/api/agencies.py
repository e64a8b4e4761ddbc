"""Agency codes: looking one up, loading the list, and registering certificates.

A look-up follows the same road as a document's codes (`routing.resolve`), so what it finds is what a document would find.
A list is taken whole or not at all.
"""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress
from datetime import datetime
from typing import Final

from aiohttp import web
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificates

from gateway.api import wire
from gateway.api.bodies import received
from gateway.api.context import Context, note
from gateway.api.parameters import Parameters
from gateway.api.problems import ProblemError
from gateway.errors import BadParameterError, NotFoundError
from gateway.flow.access import Caller
from gateway.flow.notifying import LOG
from gateway.flow.spool import Spooled
from routing.agencies import Agency, CertificateBinding, Directory
from routing.agency_csv import parse_agencies
from routing.errors import CodeClosed, CodeError
from routing.resolve import Resolved, resolve

CSV: Final = ("text/csv",)
PEM: Final = ("application/x-pem-file", "application/pem-certificate-chain", "text/plain")
PEM_LIMIT: Final = 64 * 1024
LIST_LIMIT: Final = 32 * 2**20
"""Octets of a list of agencies, which is in memory as a whole; the largest one known has 10 MB."""

_GONE: Final = 410
_NOT_FOUND: Final = 404


async def get_agency(request: web.Request, context: Context, _caller: Caller) -> web.StreamResponse:
    """Show what a code names now, or at another moment."""
    at = Parameters(request, "at").instant("at") or context.clock()
    directory = await context.store.registry.directory()
    found = _look_up(request, directory, at)
    member = directory.member_for(found.agency.code)
    return wire.answer(
        wire.agency(found.agency, as_sent=found.as_sent, member=member, version=directory.version)
    )


async def load_agencies(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Put the agencies of a CSV file in force as one new version of the registry."""
    before = await context.store.registry.directory()
    async with received(request, context, media_types=CSV, limit=LIST_LIMIT) as body:
        agencies = await asyncio.to_thread(_read, body)
        if any(agency.certificates for agency in agencies):
            # Only a whole certificate can be registered, so that it can be checked later; its hash alone will not do.
            raise BadParameterError(
                name="certificate_sha256", found="CSV", expected="POST /v1/agencies/{code}/certificates"
            )
        after = await context.store.registry.load_agencies(
            agencies, actor=caller.credential_id, source_sha256=body.sha256
        )
    context.bell.ring(LOG)
    note(request, registry_version=after.version, agencies=len(agencies))
    return wire.answer(
        {
            "version": after.version,
            "sha256": after.sha256,
            "agencies": len(agencies),
            "changed": after.version != before.version,
        }
    )


async def bind_certificate(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Register a certificate for the agency that bears a code now."""
    directory = await context.store.registry.directory()
    agency = _look_up(request, directory, context.clock()).agency
    async with received(request, context, media_types=PEM, limit=PEM_LIMIT) as body:
        pem = body.memory or b""
    binding = CertificateBinding(certificate_sha256=_certificate_sha256(pem))
    try:
        after = await context.store.registry.bind_certificate(
            agency.code, binding, pem=pem, actor=caller.credential_id
        )
    except KeyError:
        raise NotFoundError(what=f"“{agency.code}”") from None
    context.bell.ring(LOG)
    return wire.answer(
        {
            "code": agency.code,
            "entity_id": agency.entity_id,
            "certificate_sha256": binding.certificate_sha256,
            "registry_version": after.version,
        },
        status=201,
    )


def _look_up(request: web.Request, directory: Directory, at: datetime) -> Resolved:
    """Resolve the code in the path; here a code that names nothing is not found rather than refused."""
    try:
        return resolve(request.match_info["code"], directory=directory, at=at)
    except CodeClosed as error:
        raise ProblemError(error, status=_GONE) from error
    except CodeError as error:
        if error.retry:
            raise
        raise ProblemError(error, status=_NOT_FOUND) from error


def _read(body: Spooled) -> tuple[Agency, ...]:
    source = body.source
    return parse_agencies(source if isinstance(source, bytes) else source.read_bytes())


def _certificate_sha256(pem: bytes) -> str:
    certificates = []
    # What is no PEM at all holds no certificate; the library's own words say less.
    with suppress(ValueError):
        certificates = load_pem_x509_certificates(pem)
    if len(certificates) != 1:
        found = f"{len(certificates)} × CERTIFICATE"
        raise BadParameterError(name="body", found=found, expected="1 × CERTIFICATE (PEM, RFC 7468)")
    return hashlib.sha256(certificates[0].public_bytes(Encoding.DER)).hexdigest()
