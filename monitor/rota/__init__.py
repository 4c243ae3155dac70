"""Who holds which role of the strategy when, and how they are reached."""
