"""What users say on an error page."""
