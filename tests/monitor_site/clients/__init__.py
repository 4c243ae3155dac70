"""Unmodified clients against a monitor that really runs."""
