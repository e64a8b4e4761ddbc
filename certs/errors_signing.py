"""What keeps a document from being signed; a branch of the tree in `certs.errors`.

TrustError
└── CannotSignError               certs.cannot_sign        raised to the signer, never in a verdict
"""

from certs.errors import TrustError


class CannotSignError(TrustError):
    """A document cannot be signed as asked."""

    code = "certs.cannot_sign"
    vi = "Không ký được văn bản: {reason}."
    en = "The document cannot be signed: {reason}."
    fix_vi = "Kiểm tra văn bản edXML, khóa bí mật và thuật toán."
    fix_en = "Check the edXML document, the private key and the algorithm."
