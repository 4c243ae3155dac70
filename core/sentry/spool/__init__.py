"""Envelopes kept on disk until Sentry has them: what an outage, a kill or a deploy would otherwise lose."""

from core.sentry.spool.config import SpoolConfig
from core.sentry.spool.transport import SpoolTransport, make_spool_transport

__all__ = ["SpoolConfig", "SpoolTransport", "make_spool_transport"]
