"""What the library raises for certificates and revocation lists that it cannot read.

It reads most parts only when they are asked for, so it may raise at any of them: a name with a value of a type that names do not
have is a TypeError, a version that does not exist an exception of its own. Whoever looks at something from outside catches all.
"""

from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

UNREADABLE: Final = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
