"""Storage: everything durable in one database, SQLite or PostgreSQL, behind `gateway.ports.Store`."""

from gateway.store.audit import Audit, open_audit
from gateway.store.ledger_offline import recounted
from gateway.store.store import SqlStore, open_store

__all__ = ["Audit", "SqlStore", "open_audit", "open_store", "recounted"]
