"""Features, models, metrics, searches. Pure Python over arrays and frames; knows no Django."""
