"""TLS to RabbitMQ: a real listener, certificates of a private authority, and everything that must be refused."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from gateway.app import running
from gateway.axis.amqp import AmqpLink
from gateway.axis.amqp_security import Security
from gateway.axis.errors import AxisUnreachableError
from gateway.keys.errors import KeyFileExposedError
from gateway.records import SendResult
from gateway.settings import Settings, SettingsError
from tests.support.axis import drain, messages, results
from tests.support.rabbitmq import RabbitMQ, free_ports, running_node

PASSWORD = "mật-khẩu /@:%"


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key, as files."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Secured:
    """A node with a TLS listener that asks for a certificate, and what one needs to come in."""

    node: RabbitMQ
    port: int
    ca: Path
    stranger: Path
    client: Pair

    def url(self, host: str = "127.0.0.1", *, user: str = "guest:guest@", query: str = "") -> str:
        """Return the address of the listener."""
        return f"amqps://{user}{host}:{self.port}/{query}"


class Maker:
    """Makes certificates in a folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.path = folder / f"{name}.pem"
        self.path.write_bytes(self._sign(self._name, self._key, (), is_authority=True))

    def issue(self, name: str, *hosts: x509.GeneralName) -> Pair:
        """Issue a certificate for these hosts."""
        key = ec.generate_private_key(ec.SECP256R1())
        pair = Pair(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        pair.certificate.write_bytes(
            self._sign(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), key, hosts)
        )
        pair.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return pair

    def _sign(
        self,
        name: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        hosts: tuple[x509.GeneralName, ...],
        *,
        is_authority: bool = False,
    ) -> bytes:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        )
        if hosts:
            builder = builder.add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """Run a node that takes TLS connections of clients with a certificate."""
    folder = tmp_path_factory.mktemp("tls")
    maker = Maker(folder, "authority")
    server = maker.issue("server", x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    (port,) = free_ports(1)
    settings = f"""
listeners.ssl.1 = 127.0.0.1:{port}
ssl_options.cacertfile = {maker.path}
ssl_options.certfile = {server.certificate}
ssl_options.keyfile = {server.key}
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = true
ssl_options.versions.1 = tlsv1.2
auth_mechanisms.1 = PLAIN
auth_mechanisms.2 = EXTERNAL
ssl_cert_login_from = common_name
"""
    with running_node(settings=settings, plugins=("rabbitmq_auth_mechanism_ssl",)) as node:
        yield Secured(
            node=node,
            port=port,
            ca=maker.path,
            stranger=Maker(folder, "stranger").path,
            client=maker.issue("gw.north"),
        )


@asynccontextmanager
async def link(url: str, security: Security) -> AsyncIterator[AmqpLink]:
    """Open a link and close it at the end."""
    opened = await asyncio.to_thread(AmqpLink, url, timeout=10, security=security)
    try:
        yield opened
    finally:
        await opened.close()


def _security(secured: Secured, **changed: Path | None) -> Security:
    files = {"ca": secured.ca, "certificate": secured.client.certificate, "key": secured.client.key}
    return Security(**(files | changed))


async def test_messages_over_tls(secured: Secured) -> None:
    """With the right authority and a certificate of our own, messages come and go."""
    queue = f"tls.{uuid4().hex}"
    async with link(secured.url(), _security(secured)) as axis:
        await axis.declare(frozenset({queue}))

        assert results(await axis.send(messages(queue, [b"sealed"]))) == {SendResult.CONFIRMED}
        assert await drain(axis, queue, count=1) == [b"sealed"]


async def test_certificate_of_another_authority(secured: Secured) -> None:
    """A broker for which nobody we trust vouches is not talked to, even if its address says not to look."""
    for query in ("", "?no_verify_ssl=1"):
        async with link(secured.url(query=query), _security(secured, ca=secured.stranger)) as axis:
            with pytest.raises(AxisUnreachableError, match="CERTIFICATE_VERIFY_FAILED"):
                await axis.ready()


async def test_system_authorities_without_a_setting(secured: Secured) -> None:
    """Without an authority of our own those of the system count, which do not vouch for this broker."""
    async with link(secured.url(), _security(secured, ca=None)) as axis:
        with pytest.raises(AxisUnreachableError, match="CERTIFICATE_VERIFY_FAILED"):
            await axis.ready()


async def test_certificate_of_another_host(secured: Secured) -> None:
    """A certificate for another name is refused, although the right authority signed it."""
    async with link(secured.url("localhost"), _security(secured)) as axis:
        with pytest.raises(AxisUnreachableError, match="Hostname mismatch"):
            await axis.ready()


async def test_no_certificate_of_our_own(secured: Secured) -> None:
    """A broker that asks for a certificate lets nobody in without one."""
    async with link(secured.url(), Security(ca=secured.ca)) as axis:
        with pytest.raises(AxisUnreachableError):
            await axis.ready()


async def test_certificate_in_place_of_a_password(secured: Secured) -> None:
    """Where the broker has it switched on, the certificate's name is the account."""
    await asyncio.to_thread(secured.node.control, "add_user", "gw.north", stdin=b"not used\n")
    await asyncio.to_thread(secured.node.control, "set_permissions", "gw.north", "vanthu", "vanthu", "vanthu")
    async with link(secured.url(user="", query="?auth=EXTERNAL"), _security(secured)) as axis:
        await axis.ready()


async def test_password_from_a_file(secured: Secured, tmp_path: Path) -> None:
    """The password stands in a file, whatever characters it has, and a new one is used without a restart."""
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n", encoding="utf-8")
    file.chmod(0o600)
    await asyncio.to_thread(secured.node.control, "add_user", "filed", stdin=f"{PASSWORD}\n".encode())
    await asyncio.to_thread(secured.node.control, "set_permissions", "filed", ".*", ".*", ".*")
    async with link(secured.url(user="filed@"), _security(secured, password=file)) as axis:
        await axis.ready()
        await asyncio.to_thread(secured.node.control, "change_password", "filed", stdin=b"another\n")
        await asyncio.to_thread(secured.node.control, "close_all_connections", "test")
        with pytest.raises(AxisUnreachableError, match="ACCESS_REFUSED") as refused:
            await axis.ready()
        await asyncio.to_thread(file.write_text, "another", encoding="utf-8")
        await axis.ready()
        await asyncio.to_thread(file.unlink)
        await asyncio.to_thread(secured.node.control, "close_all_connections", "test")
        with pytest.raises(AxisUnreachableError, match="password"):
            await axis.ready()

    assert PASSWORD not in str(refused.value)


def test_password_that_others_can_read(tmp_path: Path) -> None:
    """A password file that others can read stops the start."""
    file = tmp_path / "password"
    file.write_text("secret", encoding="utf-8")
    file.chmod(0o644)

    with pytest.raises(KeyFileExposedError):
        AmqpLink("amqp://gw@127.0.0.1/", security=Security(password=file))


def test_old_versions_of_tls_are_off(secured: Secured) -> None:
    """Nothing before TLS 1.2 is spoken, and the broker is always checked."""
    context = _security(secured).context("amqps")

    assert context is not None
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED


@pytest.mark.parametrize(
    ("url", "files", "complaint"),
    [
        ("amqp://guest:guest@127.0.0.1/", ("ca",), "amqps://"),
        ("amqps://guest:guest@127.0.0.1/", ("key",), "no certificate"),
        ("amqps://guest:guest@127.0.0.1/", ("certificate", "key"), "cannot be used"),
        ("amqp://guest:guest@127.0.0.1/", ("password",), "one is enough"),
    ],
)
async def test_settings_that_do_not_fit(
    tmp_path: Path, url: str, files: tuple[str, ...], complaint: str
) -> None:
    """Files that do not belong to the address, or that are none, stop the start with the setting's name."""
    empty = tmp_path / "empty.pem"
    empty.touch(mode=0o600)
    given = {f"VANTHU_AXIS_{file.upper()}": str(empty) for file in files}
    settings = Settings.from_environment({"VANTHU_DATA": str(tmp_path / "data"), "VANTHU_AXIS": url, **given})

    with pytest.raises(SettingsError, match=f"VANTHU_AXIS: .*{complaint}"):
        async with running(settings):
            pass
