"""/api/0 in Sentry's shapes, its description, and /metrics."""
