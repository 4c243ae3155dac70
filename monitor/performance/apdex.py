"""Apdex: how content users are with the time that it takes. (quick + bearable / 2) of all; https://www.apdex.org/"""

from __future__ import annotations

from monitor.site.strategy_file import current_strategy

DEFAULT_T_MS = 500.0


def apdex_t_ms() -> float:
    """What is quick enough: as the strategy's objective of latency says it, in milliseconds."""
    for slo in current_strategy().slos.values():
        if slo.measures == "latency" and slo.latency_s:
            return float(slo.latency_s) * 1000
    return DEFAULT_T_MS


def apdex(quick: int, bearable: int, count: int) -> float | None:
    """From 0, nobody is content, to 1; None without transactions."""
    return (quick + bearable / 2) / count if count else None
