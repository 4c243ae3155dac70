"""Everything that imports sentry_sdk."""
