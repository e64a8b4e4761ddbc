"""Edxml documents with a time stamp over their signature (XAdES-T), under the root of the API tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

from tests.api.world import NOW, root
from tests.support import pki, tsa
from tests.support.pki import Identity
from tests.support.signing import MARK, Recipe
from tests.support.xades import Properties, named, stamped, unstamped, with_stamps

CLAIMED = "<xades:SigningTime>2025-06-30T20:00:00+07:00</xades:SigningTime>"
"""What the signer says of the time: the evening before the cut-over, whether it is true or not."""

_YEAR = timedelta(days=365)


@cache
def authority() -> Identity:
    """Return a time-stamping authority below the trusted root."""
    key = pki.key()
    certificate = pki.certificate(
        root(),
        subject="Dịch vụ cấp dấu thời gian",
        public_key=key,
        not_before=NOW - _YEAR,
        not_after=NOW + _YEAR,
        extensions=tsa.PURPOSE,
    )
    return certificate, key


def signed_at(xml: bytes, by: Identity, moment: datetime | None) -> bytes:
    """Sign a document with the properties of XAdES; with a moment, the authority says that it existed then."""
    end = b"</edXML:edXMLHeader>"
    template = xml.replace(end, MARK.encode() + end, 1).decode()
    properties = Properties(content=CLAIMED + named(by[0]), recipe=Recipe(identity=by))
    if moment is None:
        return with_stamps(unstamped(properties, template))
    stamp = replace(tsa.Stamp(), identity=authority(), gen_time=tsa.gen_time(moment))
    return stamped(stamp, properties=properties, template=template)
