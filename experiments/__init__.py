"""Experiments: a model trained on a data source and judged beside the persistence baseline."""
