"""Metrics that applications count and measure themselves: exact, by minute and hour. Rates and alerts stand on them."""
