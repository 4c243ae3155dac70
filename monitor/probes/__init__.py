"""Asks the application from outside whether it lives, and tells somebody outside that the monitor does."""
