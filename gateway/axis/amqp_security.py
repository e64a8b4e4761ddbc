"""How a connection to the broker is secured: its certificate authority, our certificate, and a password that stands in a file.

Invariants: TLS 1.2 at least; the broker's certificate and host name are always checked, whatever the address asks for; the
password file is read anew for each connection, so that a new password needs no restart.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from gateway.keys.files import read_secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Security:
    """The files that secure the connection; none of them is needed for a broker on this host."""

    ca: Path | None = None
    """Certificates of the authorities that may vouch for the broker; without it those that the system trusts."""

    certificate: Path | None = None
    """Our certificate, with those between it and the broker's authority, and perhaps the key."""

    key: Path | None = None
    password: Path | None = None

    def context(self, scheme: str) -> ssl.SSLContext | None:
        """Return what TLS is made with; nothing where the address asks for none.

        Raises:
            ValueError: the address asks for no TLS although files for it are given, or a file does not fit.

        """
        if scheme != "amqps":
            if self.ca or self.certificate or self.key:
                raise ValueError(
                    "certificates for the axis are given, but its address does not begin with amqps://"
                )
            return None
        if self.key and not self.certificate:
            raise ValueError("a key for the axis is given, but no certificate")
        try:
            context = ssl.create_default_context(cafile=self.ca)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            if self.certificate:
                context.load_cert_chain(self.certificate, self.key)
        except (OSError, ssl.SSLError) as error:
            raise ValueError(f"the certificates for the axis cannot be used: {error}") from error
        return context

    def secret(self) -> str | None:
        """Read the password, if there is a file for it.

        Raises:
            GatewayError: the file cannot be used, or others can read it.

        """
        return None if self.password is None else read_secret(self.password).decode().strip()


PLAIN = Security()
"""No files at all."""
