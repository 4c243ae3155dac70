"""A small error monitor that speaks Sentry's protocol: what the application reports to when it has no Sentry."""
