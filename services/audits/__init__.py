"""Audits of the live tables: held against the replay, recorded, and shown."""

from services.audits.kept import Audit, AuditLog

__all__ = ["Audit", "AuditLog"]
