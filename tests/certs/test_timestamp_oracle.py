"""Time stamps against another implementation: what `openssl ts` issues passes here, and what these tests issue passes there."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from certs.issue import KeyType, PrivateKey, new_root
from certs.timestamp import verify_token
from certs.trust import Trust
from tests.support import pki, tsa

CONFIGURATION = """
[tsa]
default_tsa = config
[config]
serial = {folder}/serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1, millisecs:500
ordering = yes
tsa_name = yes
ess_cert_id_chain = {chain}
ess_cert_id_alg = {naming}
"""
NOW = datetime.now(UTC)
"""`openssl ts` dates its tokens by the clock."""


def _openssl(*arguments: str) -> str:
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


def _key(key: PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize("key_type", [KeyType.EC_P256, KeyType.RSA_2048])
@pytest.mark.parametrize("naming", ["sha1", "sha256", "sha512"])
def test_what_openssl_issues(key_type: KeyType, naming: str, tmp_path: Path) -> None:
    """A response of `openssl ts -reply` passes, with what it says, and is not over other data."""
    root = new_root("Gốc", NOW - pki.YEAR)
    key = pki.key(key_type)
    certificate = tsa.authority_certificate(
        root, key=key, not_before=NOW - pki.YEAR, not_after=NOW + pki.YEAR
    )
    (tmp_path / "root.pem").write_bytes(root.certificate.public_bytes(Encoding.PEM))
    (tmp_path / "tsa.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (tmp_path / "key.pem").write_bytes(_key(key))
    (tmp_path / "serial").write_text("2A\n")
    chain = "no" if naming == "sha1" else "yes"
    (tmp_path / "ts.cnf").write_text(CONFIGURATION.format(folder=tmp_path, naming=naming, chain=chain))
    (tmp_path / "data").write_bytes(tsa.DATA)
    _openssl("ts", "-query", "-data", f"{tmp_path}/data", "-sha384", "-cert", "-out", f"{tmp_path}/query")
    signer = ("-signer", f"{tmp_path}/tsa.pem", "-inkey", f"{tmp_path}/key.pem")
    reply = (
        *("ts", "-reply", "-config", f"{tmp_path}/ts.cnf", "-queryfile", f"{tmp_path}/query"),
        *("-chain", f"{tmp_path}/root.pem", "-out", f"{tmp_path}/reply"),
    )
    _openssl(*reply, *signer)
    response = (tmp_path / "reply").read_bytes()

    trust = Trust(anchors=pki.anchored(root.certificate))
    later = NOW + pki.DAY
    judged = verify_token(response, trust=trust, at=later, imprint_of=tsa.DATA)
    assert judged.errors == ()
    assert judged.info is not None
    assert (judged.info.policy, judged.imprint_name) == ("1.2.3.4.1", "sha384")
    assert judged.info.serial_number == 0x2B
    assert judged.info.accuracy is not None
    assert judged.info.accuracy.total_seconds() == 1.5
    other = verify_token(response, trust=trust, at=later, imprint_of=b"other")
    assert other.errors[0].code == "certs.timestamp_imprint"


@pytest.mark.parametrize(
    "stamp",
    [
        tsa.Stamp(accuracy=tsa.accuracy(1, 500)),
        tsa.Stamp(imprint_oid=tsa.SHA512, named=(tsa.named_v2(tsa.identity()[0], by=tsa.SHA512),)),
        tsa.Stamp(identity=tsa.identity(KeyType.RSA_2048), signature_algorithm=tsa.algorithm(tsa.RSA_SHA256)),
    ],
)
def test_what_these_tests_issue(stamp: tsa.Stamp, tmp_path: Path) -> None:
    """`openssl ts -verify` takes the tokens that pass here, so they are what the standard means."""
    (tmp_path / "root.pem").write_bytes(pki.root().certificate.public_bytes(Encoding.PEM))
    (tmp_path / "data").write_bytes(tsa.DATA)
    (tmp_path / "token").write_bytes(stamp.token())
    told = _openssl(
        *("ts", "-verify", "-in", f"{tmp_path}/token", "-token_in", "-data", f"{tmp_path}/data"),
        *("-CAfile", f"{tmp_path}/root.pem", "-attime", str(int(pki.AT.timestamp()))),
    )

    assert "Verification: OK" in told
    assert verify_token(stamp.token(), trust=pki.trust(), at=pki.AT, imprint_of=tsa.DATA).errors == ()
