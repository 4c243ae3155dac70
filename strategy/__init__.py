"""The error-handling strategy as data: strategy.toml and its typed, checked loader. Imports nothing of the project."""
