"""Fetching revocation lists and OCSP answers."""
