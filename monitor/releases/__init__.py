"""Releases, sessions, deploys and commits."""
