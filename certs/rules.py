"""The rules that signatures and signing certificates must obey, each with its Vietnamese and English text.

`ShapeRule` names what XML-DSig allows and this profile does not (OpenSAML's idea of a check *before* any
cryptography); `CertificateRule` names what RFC 5280 leaves to the application. `RevocationReason`
and `RevocationGap` name in the same way why a certificate was revoked, and why that is not known.
"""

from enum import StrEnum
from typing import Self


class Rule(StrEnum):
    """A rule whose value is the stable word for it in reports."""

    vi: str
    en: str

    def __new__(cls, word: str, vi: str, en: str) -> Self:
        """Attach the two texts to the word."""
        rule = str.__new__(cls, word)
        rule._value_ = word
        rule.vi, rule.en = vi, en
        return rule


class ShapeRule(Rule):
    """What the XML of the document and of its signature must look like."""

    ENCODING = (
        "encoding",
        "văn bản phải là XML 1.0 mã hóa UTF-8",
        "the document must be XML 1.0 in UTF-8",
    )
    DOCTYPE = ("doctype", "văn bản không được có DOCTYPE", "the document must not have a DOCTYPE")
    PROCESSING_INSTRUCTION = (
        "processing_instruction",
        "văn bản đã ký không được có chỉ thị xử lý (<?…?>)",
        "a signed document must not hold processing instructions (<?…?>)",
    )
    FOREIGN_SIGNATURE = (
        "foreign_signature",
        "phần tử Signature phải thuộc không gian tên XML-DSig",
        "an element named Signature must be in the XML-DSig namespace",
    )
    STRAY_ELEMENT = (
        "stray_element",
        "không được có phần tử XML-DSig nào ngoài chữ ký",
        "there must be no XML-DSig element outside the signature",
    )
    REPEATED = (
        "repeated",
        "chỉ được có một edXML, edXMLEnvelope, edXMLHeader và MessageHeader",
        "there must be one edXML, edXMLEnvelope, edXMLHeader and MessageHeader",
    )
    COMMENT = (
        "comment",
        "bên trong chữ ký không được có chú thích",
        "there must be no comment inside the signature",
    )
    OBJECT = (
        "object",
        "Object trong chữ ký chỉ được chứa thuộc tính XAdES đúng khuôn dạng",
        "an Object may hold nothing but properties of XAdES in the accepted form",
    )
    REFERENCES = (
        "references",
        "phải có đúng một Reference đến văn bản, còn lại chỉ đến XAdES và KeyInfo",
        "there must be one Reference to the document; others only to XAdES and KeyInfo",
    )
    CONTENT = (
        "content",
        "chữ ký chứa phần tử thiếu, thừa hoặc sai thứ tự",
        "the signature has a missing, additional or misplaced element",
    )
    ATTRIBUTE = (
        "attribute",
        "chữ ký chứa thuộc tính không được phép",
        "the signature has an attribute that is not allowed",
    )
    TEXT = ("text", "chữ ký chứa văn bản nằm ngoài chỗ", "the signature has text where none may be")
    BASE64 = (
        "base64",
        "giá trị Base64 trong chữ ký không hợp lệ",
        "a Base64 value in the signature is not valid",
    )
    CERTIFICATE_COUNT = (
        "certificate_count",
        "KeyInfo có quá nhiều chứng thư số",
        "KeyInfo holds too many certificates",
    )
    DUPLICATE_ID = (
        "duplicate_id",
        "mã định danh mà chữ ký tham chiếu xuất hiện nhiều lần",
        "the identifier that the signature refers to occurs more than once",
    )
    INHERITED_XML_ATTRIBUTE = (
        "inherited_xml_attribute",
        "phần tử bao ngoài chữ ký không được có thuộc tính xml:*",
        "no element around the signature may have an xml:* attribute",
    )


class CertificateRule(Rule):
    """What a certificate must allow before its key may sign official documents."""

    ANCHOR = (
        "anchor",
        "chứng thư số gốc không phải là chứng thư số để ký văn bản",
        "a trust anchor is not a certificate to sign documents with",
    )
    BASIC_CONSTRAINTS = (
        "basic_constraints",
        "đây là chứng thư số của tổ chức chứng thực",
        "it belongs to a certification authority",
    )
    KEY_USAGE = (
        "key_usage",
        "KeyUsage phải là critical và cho phép ký (digitalSignature, nonRepudiation)",
        "KeyUsage must be critical and allow digitalSignature or nonRepudiation",
    )
    EXTENDED_KEY_USAGE = (
        "extended_key_usage",
        "ExtendedKeyUsage không cho phép ký văn bản",
        "ExtendedKeyUsage does not allow signing documents",
    )
    NAME_CONSTRAINTS = (
        "name_constraints",
        "chỉ chứng thư số của tổ chức chứng thực mới được có NameConstraints",
        "only the certificate of a certification authority may have NameConstraints",
    )
    CRITICAL_EXTENSION = (
        "critical_extension",
        "có mở rộng quan trọng mà hệ thống không xử lý được",
        "it has a critical extension that cannot be processed",
    )
    PATH = (
        "path",
        "có tổ chức chứng thực phía trên không được phép cấp, hoặc quá xa chứng thư gốc",
        "an authority above may not issue it, or is too far from the anchor",
    )


class RevocationReason(Rule):
    """Why an authority revoked a certificate (RFC 5280 §5.3.1); the names are those of `x509.ReasonFlags`."""

    UNSPECIFIED = ("unspecified", "không nêu lý do", "none given")
    KEY_COMPROMISE = ("key_compromise", "lộ khóa bí mật", "the private key was compromised")
    CA_COMPROMISE = (
        "ca_compromise",
        "lộ khóa bí mật của tổ chức chứng thực",
        "the authority's private key was compromised",
    )
    AFFILIATION_CHANGED = (
        "affiliation_changed",
        "thông tin của thuê bao đã thay đổi",
        "the holder's affiliation changed",
    )
    SUPERSEDED = ("superseded", "đã có chứng thư số thay thế", "another certificate took its place")
    CESSATION_OF_OPERATION = ("cessation_of_operation", "ngừng hoạt động", "it is no longer needed")
    CERTIFICATE_HOLD = ("certificate_hold", "tạm dừng", "it is on hold")
    PRIVILEGE_WITHDRAWN = ("privilege_withdrawn", "bị rút quyền", "the privilege was withdrawn")
    AA_COMPROMISE = (
        "aa_compromise",
        "lộ khóa của bên cấp thuộc tính",
        "the attribute authority was compromised",
    )


class RevocationGap(Rule):
    """Why nobody can say whether a certificate was revoked."""

    MISSING = (
        "missing",
        "chưa có danh sách thu hồi hay câu trả lời OCSP của tổ chức cấp",
        "neither a revocation list nor an OCSP answer of its issuer covers it",
    )
    STALE = (
        "stale",
        "danh sách thu hồi hoặc câu trả lời OCSP đã quá hạn",
        "the revocation list or OCSP answer is out of date",
    )
    NOT_YET = (
        "not_yet",
        "danh sách thu hồi hoặc câu trả lời OCSP được phát hành sau thời điểm này",
        "the revocation list or OCSP answer was issued later",
    )
    UNKNOWN_THERE = (
        "unknown_there",
        "máy chủ OCSP của tổ chức cấp không biết chứng thư số này",
        "the OCSP responder of its issuer does not know it",
    )
