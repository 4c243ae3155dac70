"""The table: one row for each way to fail."""
