"""What can be said of a certificate's revocation."""

import pytest

from certs.rules import RevocationReason
from certs.standing import Entry
from tests.support import pki


@pytest.mark.parametrize("reason", RevocationReason)
def test_only_a_hold_may_be_taken_back(reason: RevocationReason) -> None:
    """Of all reasons certificateHold alone leaves a way back (RFC 5280 §5.3.1)."""
    assert Entry(since=pki.AT, reason=reason).is_hold is (reason is RevocationReason.CERTIFICATE_HOLD)
