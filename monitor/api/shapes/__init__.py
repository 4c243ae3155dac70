"""What each thing looks like in JSON, as Sentry has it. Fields of Sentry's without a meaning here have neutral values."""
