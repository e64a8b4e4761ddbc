"""Fetching revocation lists and OCSP answers: the only part of the gateway that calls addresses from certificates.

It runs in the background of `vanthu serve`, never while a document is examined, and only towards hosts that the operator has
listed; without any it does nothing. What it brings is verified before it is kept (`gateway.ports.revocation`).
"""
