"""The dashboards of the strategy: each panel a figure with its change, its course, and the way to what is behind it."""
