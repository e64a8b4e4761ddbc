"""Configuration: one frozen record, read from `VANTHU_*` environment variables; nothing needs to be set.

Every field is documented here and nowhere else. A variable that names no field is refused, because a mistyped setting that is
silently ignored is found at the worst moment.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from certs.revocation import Revocation

PREFIX = "VANTHU_"
CLIENT_PREFIX = "VANTHU_CLIENT_"
"""Variables of the command-line client, which may stand in the same environment."""


class SettingsError(Exception):
    """A setting is unknown or has an impossible value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How this gateway runs."""

    data: Path = Path("var")
    """Folder for everything durable on this host: database, payloads, spool, keys. Created on first start."""

    name: str = "vanthu.local"
    """This gateway's name among gateways; part of the log's origin and of every key name. Never change it later."""

    host: str = "127.0.0.1"
    """Address to listen on."""

    port: int = 8025
    """TCP port to listen on; 0 takes a free one."""

    database: str = ""
    """`sqlite:///…` or `postgresql+psycopg://…`; empty means SQLite in `data`."""

    axis: str = ""
    """`amqp://…` or `amqps://…`, or those of a cluster's nodes divided by spaces; empty means the embedded link, no broker."""

    payloads: str = ""
    """Where bodies over 16 KiB are kept: a folder, or a bucket, `s3://bucket/prefix?endpoint=…&region=…&credentials=FILE&cache=BYTES`
    (without a file: `AWS_ACCESS_KEY_ID` and the like). Empty means a folder in `data`."""
    axis_ca: Path | None = None
    """Certificates of the authorities that may vouch for the broker (`amqps://`). Empty means those that the system trusts."""

    axis_certificate: Path | None = None
    """This gateway's certificate for the broker, with those between it and its authority. Empty means none."""

    axis_key: Path | None = None
    """The key of that certificate, if it is not in the same file."""

    axis_password: Path | None = None
    """File with the password for the broker, that only the gateway's user can read; read anew for each connection."""

    axis_queue_age: int = 10
    """Seconds for which a new queue on the axis takes no documents; a broker that dies before may lose it for good."""

    trust: Path | None = None
    """Folder of revocation lists, and inbox for authorities' certificates. Empty means `trust` in `data`."""

    receipt_key: str = ""
    """Where the key for receipts is: a file that is there, or `pkcs11:…` for a token (RFC 7512). Empty: a file in `data`."""

    revocation: Revocation = Revocation.SOFT
    """What must be known before a signature passes: `require` that no certificate is revoked, `soft` only that no list says so,
    `off` nothing."""

    revocation_hosts: str = ""
    """Hosts from which revocation lists and OCSP answers may be fetched, divided by commas: `crl.example.vn`,
    `crl.example.vn:8080`, `*.example.vn`. Empty means that nothing is ever fetched."""

    policy: Path | None = None
    """File of the policy that signatures must meet (`vanthu policy` prints the default one). Empty means that one."""

    max_body: int = 200 * 2**20
    """Largest accepted body in bytes; 100 MB of attachments make 134 MB of edXML."""

    resend_after: int = 3600
    """Seconds without a receipt after which a confirmed delivery is sent again; doubles with each attempt."""

    code_grace: int = 30
    """Days for which what was accepted or provably signed before the end of a code is still taken under it."""

    queue_grace: int = 7 * 86_400
    """Seconds for which queue and inbox of a code that ended are left to its old system; then successors get the rest."""

    hold: int = 72
    """Hours for which a delivery waits for the code administrators to say who took over; then its sender gets it back."""

    deliver_within: int = 720
    """Hours for which a document is sent until its receipt comes, unless its sender named a deadline; then it expires."""

    parked_for: int = 7 * 86_400
    """Seconds for which a document that cannot be decided is kept and examined again before it is refused."""

    parked_documents: int = 1000
    """Most documents of one connected system that are kept undecided at a time."""

    parked_bytes: int = 2**30
    """Most bytes of one connected system that are kept undecided at a time."""

    outbox_rows: int = 1_000_000
    """Most deliveries and receipts that wait for the axis; with more, no document is taken until some are gone."""

    outbox_bytes: int = 50 * 2**30
    """Most bytes of documents that wait for the axis."""

    disk_reserve: int = 256 * 2**20
    """Bytes that stay free on the disks of `data` and of the payload folder: with less, no document is taken."""

    requests_per_second: int = 0
    """Documents that one token may send a second, twice as many at once; 0 means any number."""

    partial_for: int = 86_400
    """Seconds after its last piece for which a document that another gateway sends in pieces is kept unfinished."""

    partial_bytes: int = 2 * 2**30
    """Most bytes of one other gateway's documents that are unfinished at a time."""

    registry_upstream: str = ""
    """Gateway whose registry is followed, `https://vanthu.example`. Empty means that the registry is kept here."""

    registry_upstream_key: str = ""
    """The verifier key that signs the registry of the upstream, from its `/v1/keys` (purpose `registry`)."""

    registry_upstream_token: Path | None = None
    """File with the token for the upstream, that only the gateway's user can read."""

    log_level: str = "info"
    """Least severe level that is written to standard output: debug, info, warning or error."""

    @property
    def database_url(self) -> str:
        """The database to use."""
        return self.database or f"sqlite:///{self.data / 'vanthu.db'}"

    @property
    def is_alone(self) -> bool:
        """Whether no other process can share the database: SQLite serves one."""
        return self.database_url.startswith("sqlite")

    @property
    def payload_folder(self) -> Path:
        """The folder of big bodies; with a bucket, what is kept at hand of it."""
        return Path(self.payloads) if self.payloads and not self.has_bucket else self.data / "payloads"

    @property
    def has_bucket(self) -> bool:
        """Whether big bodies are kept in a bucket of an object store."""
        return self.payloads.startswith("s3://")

    @property
    def trust_folder(self) -> Path:
        """The folder of revocation lists, and inbox of certificates."""
        return self.trust or self.data / "trust"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read settings from variables such as `VANTHU_PORT`.

        Raises:
            SettingsError: a variable names no setting, or its value does not fit.

        """
        known = {field.name: field for field in dataclasses.fields(cls)}
        values: dict[str, object] = {}
        for variable, text in environment.items():
            if not variable.startswith(PREFIX) or variable.startswith(CLIENT_PREFIX):
                continue
            name = variable.removeprefix(PREFIX).lower()
            if name not in known:
                raise SettingsError(f"{variable} is not a setting; known are {', '.join(_variables())}")
            values[name] = _value(variable, str(known[name].type), text)
        return cls(**values)  # type: ignore[arg-type]  # the loop above checked names and types


def _variables() -> list[str]:
    return [PREFIX + field.name.upper() for field in dataclasses.fields(Settings)]


def _value(variable: str, kind: str, text: str) -> object:
    if kind == "int":
        if not text.isdecimal():
            raise SettingsError(f"{variable} must be a whole number, not {text!r}")
        return int(text)
    if kind == "Revocation":
        try:
            return Revocation(text)
        except ValueError as error:
            raise SettingsError(f"{variable} must be {', '.join(Revocation)}, not {text!r}") from error
    return Path(text) if kind.startswith("Path") else text
