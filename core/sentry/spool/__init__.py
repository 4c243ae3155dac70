"""Envelopes kept on disk until Sentry has them: what an outage, a kill or a deploy would otherwise lose."""

from core.sentry.spool.config import SpoolConfig
from core.sentry.spool.outcomes import Fate, lookup
from core.sentry.spool.status import DestinationStatus, SpoolStatus, spool_status
from core.sentry.spool.transport import SpoolTransport, make_spool_transport

__all__ = [
    "DestinationStatus",
    "Fate",
    "SpoolConfig",
    "SpoolStatus",
    "SpoolTransport",
    "lookup",
    "make_spool_transport",
    "spool_status",
]
