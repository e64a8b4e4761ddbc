"""Whom we trust: signatures on edXML documents, certificates, and the path from one to the other.

Entry points: `certs.verify.verify` (document tree to `Verdict`), `certs.trust.Trust` (anchors),
`certs.sign.sign_enveloped` and `certs.issue` (signing, and a throw-away public-key infrastructure).

Everything here is pure and synchronous: no sockets, no files, no clock. What time it is, is an argument.
"""
