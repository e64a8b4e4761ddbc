"""What the trust store refuses, beside `gateway.errors`; why a certificate is no authority's is in `certs.errors_authority`.

GatewayError
└── TrustStoreError
    ├── AlreadyTrustedError           trust.already_there
    ├── UnknownTrustError             trust.unknown_certificate
    ├── AlreadyRetiredError           trust.already_retired
    ├── WindowReversedError           trust.window_reversed
    └── TermsOfIntermediateError      trust.terms_of_intermediate
"""

from __future__ import annotations

from gateway.errors import GatewayError


class TrustStoreError(GatewayError):
    """Base: a change of the trust store that is not made."""


class AlreadyTrustedError(TrustStoreError):
    """The certificate is in the trust store already, in force or retired."""

    code = "trust.already_there"
    vi = "Chứng thư số {sha256} đã có trong kho tin cậy."
    en = "The certificate {sha256} is in the trust store already."
    fix_vi = "Xem bằng vanthu trust list --all; muốn đổi điều kiện hoặc tin cậy lại thì thêm --replace."
    fix_en = "See vanthu trust list --all; to change its terms or to rely on it again, say --replace."


class UnknownTrustError(TrustStoreError):
    """No certificate in the trust store has this SHA-256."""

    code = "trust.unknown_certificate"
    vi = "Không có chứng thư số nào trong kho tin cậy có SHA-256 {sha256}."
    en = "No certificate in the trust store has the SHA-256 {sha256}."
    fix_vi = "Xem lại bằng vanthu trust list --all."
    fix_en = "Look it up with vanthu trust list --all."


class AlreadyRetiredError(TrustStoreError):
    """The trust in the certificate ends earlier already; retiring never makes it longer."""

    code = "trust.already_retired"
    vi = "Chứng thư số {sha256} đã thôi được tin cậy từ {since}."
    en = "The certificate {sha256} is not relied upon from {since} on already."
    fix_vi = "Chỉ có thể rút ngắn thời gian tin cậy; muốn tin cậy lại thì vanthu trust add --replace."
    fix_en = "Retiring can only shorten it; to rely on it again, use vanthu trust add --replace."


class WindowReversedError(TrustStoreError):
    """The time of trust would end before it begins."""

    code = "trust.window_reversed"
    vi = "Thời gian tin cậy ngược: từ {trusted_from} đến {trusted_until}."
    en = "The time of trust ends before it begins: from {trusted_from} until {trusted_until}."
    fix_vi = "Chọn thời điểm kết thúc sau thời điểm bắt đầu."
    fix_en = "Choose an end that is after the beginning."


class TermsOfIntermediateError(TrustStoreError):
    """Terms that only an anchor can have were given for a subordinate authority."""

    code = "trust.terms_of_intermediate"
    vi = "{subject} là tổ chức chứng thực cấp dưới: không đặt được {names}."
    en = "{subject} is a subordinate authority and cannot have {names}."
    fix_vi = "Đặt các điều kiện đó cho chứng thư gốc; với cấp dưới chỉ đặt được thời gian tin cậy."
    fix_en = "Set them for the root; a subordinate can only have a time of trust."
