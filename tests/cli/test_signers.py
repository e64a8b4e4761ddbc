"""Certificates that cannot be read, where they are named, registered and admitted: said so, and nothing breaks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pybase64
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certs.admission import admit, read_authority
from certs.errors_authority import UnreadableAuthorityError
from certs.timestamp import verify_token
from gateway.api.certificates import read_certificates
from gateway.cli.registering import read_pem
from gateway.cli.signers import claimed_signer
from gateway.errors import GatewayError
from routing.errors_registration import RegistrationRefusedError
from routing.registering import Wish, registration_from
from tests.support import pki, tsa
from tests.support.signing import DS

Damage = Callable[[bytes], bytes]

DAMAGES: Final[dict[str, Damage]] = {
    "version 9": lambda der: der.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x08", 1),
    "a name of bits": lambda der: der.replace(b"\x55\x04\x03\x0c", b"\x55\x04\x03\x03"),
}


def _pem(der: bytes) -> bytes:
    text = pybase64.b64encode(der)
    lines = b"\n".join(text[start : start + 64] for start in range(0, len(text), 64))
    return b"-----BEGIN CERTIFICATE-----\n" + lines + b"\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize("name", DAMAGES)
def test_naming_whom_a_file_names(name: str, tmp_path: Path) -> None:
    """Nobody is named by a certificate that cannot be read."""
    der = DAMAGES[name](pki.signer()[0].public_bytes(Encoding.DER))
    file = tmp_path / "file.xml"
    text = f'<x xmlns:ds="{DS}"><ds:X509Certificate>{{}}</ds:X509Certificate></x>'
    file.write_text(text.format(pybase64.b64encode(der).decode()))

    assert claimed_signer(file) is None


@pytest.mark.parametrize("name", DAMAGES)
def test_registering(name: str, tmp_path: Path) -> None:
    """What cannot be read is refused by the gateway with a word on it."""
    der = DAMAGES[name](pki.signer()[0].public_bytes(Encoding.DER))
    (tmp_path / "file.der").write_bytes(der)
    pem = read_pem(tmp_path / "file.der")

    with pytest.raises((GatewayError, RegistrationRefusedError)):
        registration_from(read_certificates(_pem(der), 1), Wish(), among=())
    assert pem in {der, _pem(der)}


@pytest.mark.parametrize("name", DAMAGES)
def test_authorities(name: str) -> None:
    """An authority that cannot be read is refused with a word on it."""
    der = DAMAGES[name](pki.root().certificate.public_bytes(Encoding.DER))

    for content in (der, _pem(der)):
        with pytest.raises(UnreadableAuthorityError):
            admit(read_authority(content), at=pki.AT)


@pytest.mark.parametrize("name", DAMAGES)
def test_time_stamps(name: str) -> None:
    """A time stamp of such an authority proves nothing."""
    damaged = DAMAGES[name](tsa.identity()[0].public_bytes(Encoding.DER))
    stamp = verify_token(
        tsa.Stamp(certificates=(damaged,)).token(), trust=pki.trust(), at=pki.AT, imprint_of=tsa.DATA
    )

    assert stamp.proven_time is None
