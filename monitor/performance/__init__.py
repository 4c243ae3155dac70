"""Transactions and spans: throughput, quantiles, what is slow and why."""
