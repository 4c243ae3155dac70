"""When somebody is told: the alert rules of strategy.toml, held against events, sums, check-ins and probes as they come."""
