"""Keys on a token: an Ed25519 key that signs inside a PKCS #11 device and never leaves it.

The binding to such devices is imported only where a token is configured (`pip install 'vanthu[hsm]'`). A device may be slow, may
go away and come back: every call opens the session again if it has to, once, and says what is wrong if that does not help.

Invariants: the public half is read once, at the start, and whoever releases a signature checks it against that; a device is asked
by one thread at a time; a PIN is read from its file when a session is opened, and is in no message.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from types import ModuleType
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gateway.keys.address import TokenAddress
from gateway.keys.errors import PinRefusedError, TokenModuleError, TokenUnavailableError
from gateway.keys.files import read_secret

_TURN: Final = threading.Lock()
"""One for all tokens: to look for a device again, the whole library has to be started again."""

_KEY_SIZE: Final = 32
_OCTET_STRING: Final = bytes((0x04, _KEY_SIZE))
_EDWARDS: Final = bytes.fromhex("06032b6570")  # 1.3.101.112
_EDWARDS_BY_NAME: Final = bytes((0x13, 12)) + b"edwards25519"


class TokenKey:
    """The private key at an address; `routing.note.PrivateKey`."""

    def __init__(self, address: TokenAddress) -> None:
        """Open the token.

        Raises:
            TokenModuleError, TokenUnavailableError, PinRefusedError: it cannot be used.
            GatewayError: the file with the PIN cannot be used.

        """
        self._address = address
        self._binding = _binding(address)
        self._session: Any = None
        self._key: Any = None
        self._refused_pin: str | None = None
        with _TURN:
            self._public = self._opened(again=False)

    def public_key(self) -> Ed25519PublicKey:
        """Return the public half as it was at the start."""
        return self._public

    def sign(self, data: bytes, /) -> bytes:
        """Return the signature that the token makes; it is not checked here.

        Raises:
            TokenModuleError, TokenUnavailableError, PinRefusedError: it does not, and a new session does not help.
            GatewayError: the file with the PIN cannot be used any more.

        """
        with _TURN:
            try:
                return self._signed(data)
            except self._binding.PKCS11Error:
                self._close()
            if self._opened(again=True).public_bytes_raw() != self._public.public_bytes_raw():
                self._close()
                raise self._unavailable("it has become another key")
            try:
                return self._signed(data)
            except self._binding.PKCS11Error as error:
                self._close()
                raise self._unavailable(_reason(error)) from error

    def close(self) -> None:
        """End the session; the next signature opens one again."""
        with _TURN:
            self._close()

    def _signed(self, data: bytes) -> bytes:
        if self._key is None:
            raise self._binding.exceptions.SessionClosed
        return bytes(self._key.sign(data, mechanism=self._binding.Mechanism.EDDSA))

    def _opened(self, *, again: bool) -> Ed25519PublicKey:
        """Open a session and find both halves of the key; return the public one."""
        token, kinds = self._token(again=again), self._binding.ObjectClass
        self._session = self._logged_in(token)
        try:
            self._key = self._half(kinds.PRIVATE_KEY)
            return self._read_public(self._half(kinds.PUBLIC_KEY))
        except self._binding.PKCS11Error as error:
            self._close()
            raise self._unavailable(_reason(error)) from error

    def _token(self, *, again: bool) -> Any:  # noqa: ANN401 - the binding is there only if it is installed
        library = self._library(again=again)
        try:
            return library.get_token(token_label=self._address.token)
        except self._binding.PKCS11Error as error:
            raise self._unavailable(_reason(error)) from error

    def _logged_in(self, token: Any) -> Any:  # noqa: ANN401 - as above
        """Open a session with the PIN; one that was refused is not tried again, because tokens count."""
        source, errors = self._address.pin_source, self._binding.exceptions
        pin = read_secret(source).decode("utf-8", "replace").strip()
        if pin == self._refused_pin:
            raise PinRefusedError(
                token=self._address.token, source=str(source), reason="it was refused before"
            )
        try:
            return token.open(user_pin=pin)
        except errors.UserAlreadyLoggedIn:
            # Another key on the same token: who is logged in is a matter of the whole process.
            return token.open()
        except (errors.PinIncorrect, errors.PinInvalid, errors.PinLenRange, errors.PinLocked) as error:
            self._refused_pin = pin
            reason = type(error).__name__
            raise PinRefusedError(token=self._address.token, source=str(source), reason=reason) from None
        except self._binding.PKCS11Error as error:
            raise self._unavailable(_reason(error)) from error

    def _library(self, *, again: bool) -> Any:  # noqa: ANN401 - as above
        module = str(self._address.module)
        try:
            library = self._binding.lib(module)
            if again:
                library.reinitialize()
        except self._binding.PKCS11Error as error:
            raise TokenModuleError(module=module, reason=_reason(error)) from error
        except (OSError, RuntimeError) as error:
            raise TokenModuleError(module=module, reason=str(error)) from error
        return library

    def _half(self, kind: Any) -> Any:  # noqa: ANN401 - as above
        return self._session.get_key(
            object_class=kind, key_type=self._binding.KeyType.EC_EDWARDS, label=self._address.object
        )

    def _read_public(self, half: Any) -> Ed25519PublicKey:  # noqa: ANN401 - as above
        names = self._binding.Attribute
        if bytes(half[names.EC_PARAMS]) not in {_EDWARDS, _EDWARDS_BY_NAME}:
            raise self._unavailable("it is not an Ed25519 key")
        point = bytes(half[names.EC_POINT])
        # Older devices give the point itself, newer ones wrap it as the standard says.
        raw = point.removeprefix(_OCTET_STRING) if len(point) > _KEY_SIZE else point
        if len(raw) != _KEY_SIZE:
            raise self._unavailable("its public half is malformed")
        return Ed25519PublicKey.from_public_bytes(raw)

    def _close(self) -> None:
        session, self._session, self._key = self._session, None, None
        if session is not None:
            # A session that is gone cannot be closed, and need not be.
            with suppress(self._binding.PKCS11Error):
                session.close()

    def _unavailable(self, reason: str) -> TokenUnavailableError:
        return TokenUnavailableError(object=self._address.object, token=self._address.token, reason=reason)


def _binding(address: TokenAddress) -> ModuleType:
    try:
        import pkcs11  # noqa: PLC0415 - an optional part, imported only where it is configured
    except ImportError as error:
        raise TokenModuleError(module=str(address.module), reason="python-pkcs11 is not installed") from error
    return pkcs11


def _reason(error: Exception) -> str:
    """Name what the device said; the binding's exceptions are named after PKCS #11's own words."""
    return str(error) or type(error).__name__
