"""Ties the applications together: settings, URLs, Celery. Imported by nobody."""

from hydroml.celery import app as celery_app

__all__ = ["celery_app"]
