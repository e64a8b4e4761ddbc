"""The rules that a time stamp must obey, each with its Vietnamese and English text (RFC 3161 §2.3 and §2.4.2, RFC 5652 §5)."""

from certs.rules import Rule


class TimestampRule(Rule):
    """What the CMS of a token, and the certificate that signs it, must look like."""

    CONTENT_TYPE = (
        "content_type",
        "phải là SignedData chứa TSTInfo",
        "it must be SignedData that holds a TSTInfo",
    )
    VERSION = ("version", "số phiên bản không đúng", "a version number is wrong")
    ONE_SIGNER = ("one_signer", "phải có đúng một SignerInfo", "there must be exactly one SignerInfo")
    SIGNED_ATTRIBUTES = (
        "signed_attributes",
        "signedAttrs phải có một contentType, một messageDigest và signingCertificate",
        "signedAttrs must hold one contentType, one messageDigest, a signingCertificate",
    )
    CERTIFICATE_COUNT = (
        "certificate_count",
        "kèm quá nhiều chứng thư số",
        "too many certificates came with it",
    )
    IMPRINT_LENGTH = (
        "imprint_length",
        "giá trị băm có độ dài không đúng với thuật toán",
        "the imprint does not have the length that its algorithm gives",
    )
    GEN_TIME = ("gen_time", "genTime không phải là thời điểm UTC hợp lệ", "genTime is not a valid UTC time")
    STATUS = (
        "status",
        "trạng thái trả lời không phù hợp với việc có hay không có dấu thời gian",
        "the status of the response contradicts whether there is a token",
    )
    PURPOSE = (
        "purpose",
        "ExtendedKeyUsage phải là critical và chỉ gồm timeStamping",
        "ExtendedKeyUsage must be critical and hold timeStamping alone",
    )
    KEY_USAGE = (
        "key_usage",
        "KeyUsage không cho phép ký, hoặc cho phép ký chứng thư số",
        "KeyUsage does not allow signing, or allows signing certificates",
    )
