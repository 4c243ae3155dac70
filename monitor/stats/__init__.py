"""Exact counts: what was accepted, refused, dropped; requests, tasks and other metrics."""
