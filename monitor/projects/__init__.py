"""What reports to the monitor: projects and their keys."""
