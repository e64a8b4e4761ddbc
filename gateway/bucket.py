"""The address of a bucket: `s3://bucket/prefix?endpoint=https://…&region=…&credentials=FILE&cache=BYTES`.

No secret is in it: keys come from a file in the form of AWS's own, from variables such as `AWS_ACCESS_KEY_ID`, or from the
machine's role.
"""

from __future__ import annotations

import configparser
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, parse_qs, urlsplit

from obstore.exceptions import BaseError
from obstore.store import S3Store

from gateway.settings import SettingsError

if TYPE_CHECKING:
    from obstore.store import S3Config

ATTEMPT: Final = timedelta(seconds=60)
"""For one request."""

RETRIES: Final = 3
_KNOWN: Final = frozenset({"endpoint", "region", "credentials", "cache"})
_CACHE: Final = 10 * 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """An opened bucket, and how many bytes of it are kept at hand."""

    store: S3Store
    cache: int


def open_bucket(url: str) -> Bucket:
    """Open the bucket of a URL; it is not asked for anything yet.

    Raises:
        SettingsError: the URL is not understood, or its file of credentials cannot be read.

    """
    parts = urlsplit(url)
    options = _options(parts)
    most = options.pop("cache", str(_CACHE))
    if not most.isdecimal():
        raise SettingsError(f"cache={most} in {_shown(parts)} is no number of bytes")
    return Bucket(store=_open(parts, options), cache=int(most))


def _options(parts: SplitResult) -> dict[str, str]:
    options = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    unknown = sorted(options.keys() - _KNOWN)
    if not parts.hostname or parts.username or parts.password or unknown:
        message = "VANTHU_PAYLOADS must look like s3://bucket/prefix?endpoint=https://…&region=…&credentials=FILE&cache=BYTES"
        raise SettingsError(f"{message}; this does not: {', '.join(unknown) or _shown(parts)}")
    return options


def _shown(parts: SplitResult) -> str:
    """Return a URL without what may be secret."""
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"


def _open(parts: SplitResult, options: dict[str, str]) -> S3Store:
    endpoint = options.get("endpoint", "")
    config: S3Config = {"region": options.get("region", "us-east-1")}
    if endpoint:
        config["endpoint"] = endpoint
    if "credentials" in options:
        config["access_key_id"], config["secret_access_key"] = _credentials(Path(options["credentials"]))
    try:
        return S3Store(
            parts.hostname or "",
            prefix=parts.path.strip("/") or None,
            config=config,
            client_options={
                "allow_http": endpoint.startswith("http:"),
                "timeout": ATTEMPT,
                "connect_timeout": timedelta(seconds=5),
            },
            retry_config={"max_retries": RETRIES, "retry_timeout": ATTEMPT},
        )
    except BaseError as error:
        raise SettingsError(f"{_shown(parts)}: {type(error).__name__}") from None


def _credentials(file: Path) -> tuple[str, str]:
    """Return the keys of a file in the form of AWS's own: `[default]`, `aws_access_key_id`, `aws_secret_access_key`."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(file.read_text(encoding="utf-8"))
        section = parser["default"]
        return section["aws_access_key_id"], section["aws_secret_access_key"]
    except (OSError, UnicodeDecodeError, configparser.Error, KeyError) as error:
        # Not the text of the error: it may repeat a line of the file.
        raise SettingsError(
            f"{file} does not hold the keys of the bucket, as a file of AWS does: {type(error).__name__}"
        ) from None
