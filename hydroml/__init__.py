"""Ties the applications together: settings, URLs, Celery. Imported by nobody."""
