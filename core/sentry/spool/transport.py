"""The SDK's transport with a disk between the caller and the network."""

from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from sentry_sdk.transport import HttpTransport

from core.sentry.spool.config import SpoolConfig


class SpoolTransport(HttpTransport):
    """Given to sentry_sdk.init(transport=...); `config` is a class attribute because the SDK makes the instance."""

    config: ClassVar[SpoolConfig] = SpoolConfig()


def make_spool_transport(
    directory: Path | str, *, max_bytes: int | None = None, max_age_s: float | None = None, **settings: Any
) -> type[SpoolTransport]:
    """A transport class for sentry_sdk.init(transport=...); `settings` are the other fields of SpoolConfig."""
    bounds = {"max_bytes": max_bytes, "max_age_s": max_age_s}
    config = replace(
        SpoolConfig(directory=Path(directory)),
        **{name: value for name, value in bounds.items() if value is not None},
        **settings,
    )
    return type("ConfiguredSpoolTransport", (SpoolTransport,), {"config": config})
