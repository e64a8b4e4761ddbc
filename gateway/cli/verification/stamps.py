"""How a report tells of time stamps: what each says, and whether that counts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from certs.certificate import fingerprint
from certs.timestamp import Timestamp
from gateway.flow.findings import Finding, Level

VALID: Final = ("Dấu thời gian hợp lệ.", "The time stamp is valid.")


def timestamp_as_json(timestamp: Timestamp) -> dict[str, Any]:
    """Return a time stamp as a JSON object; what is unknown is null."""
    info, authority = timestamp.info, timestamp.authority
    sub_indication = timestamp.sub_indication
    first = Finding.of(timestamp.errors[0], level=Level.WARNING) if timestamp.errors else None
    accuracy = info.accuracy if info is not None else None
    return {
        "gen_time": _instant(info.gen_time) if info is not None else None,
        "accuracy": accuracy.total_seconds() if accuracy is not None else None,
        "policy": info.policy if info is not None else None,
        "serial": f"{info.serial_number:x}" if info is not None else None,
        "imprint": {"algorithm": timestamp.imprint_name, "digest": info.imprint.hex()}
        if info is not None
        else None,
        "tsa": {
            "subject": authority.subject.rfc4514_string(),
            "certificate_sha256": fingerprint(authority),
        }
        if authority is not None
        else None,
        "indication": timestamp.indication.value,
        "sub_indication": sub_indication.value if sub_indication is not None else None,
        "code": first.code if first is not None else None,
        "reason_vi": first.vi if first is not None else VALID[0],
        "reason_en": first.en if first is not None else VALID[1],
    }


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
