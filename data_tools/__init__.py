"""Data sources: uploaded files, read, checked, converted to SI units and kept as Parquet."""
