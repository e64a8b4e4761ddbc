"""What is known of one certificate's revocation at one time, and by which list or answer."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeAlias

from certs.ocsp import OcspAnswer
from certs.revocation_list import RevocationList
from certs.rules import RevocationGap
from certs.standing import Entry, Standing

SKEW: Final = timedelta(minutes=5)
"""How far an authority's clock may be ahead of ours: what is this young counts already."""

Source: TypeAlias = RevocationList | OcspAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What is known of one certificate at one time.

    `source` is the list or answer that says so. `entry` is there when it is REVOKED, and also when it is GOOD but will be revoked
    later than the time that counts. `gap` says why it is UNKNOWN.
    """

    standing: Standing
    source: Source | None = None
    entry: Entry | None = None
    gap: RevocationGap | None = None
