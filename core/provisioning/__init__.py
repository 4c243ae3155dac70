"""The rules of strategy.toml as objects of a Sentry organisation, made and kept over its published web API.

What is wanted is pure data (`monitors`, `alerts`, `dashboards`, ...); `plan` compares it with what is there; `api` speaks
HTTP. Each object that was made here carries a mark in its name, and nothing without it is ever changed.
"""
