"""The audit of a whole database, offline: the log against its signatures, and the tables against the log.

`audit_database` does what `vanthu log verify` reports. Not evidence, and so not checked: the outbox and the queues of the
embedded axis, which only say what is still to be done.
"""

from gateway.cli.audit.run import AuditResult, Conclusion, audit_database, damaged

__all__ = ["AuditResult", "Conclusion", "audit_database", "damaged"]
