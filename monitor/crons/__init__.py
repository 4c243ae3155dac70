"""Check-ins, and those that did not come."""
