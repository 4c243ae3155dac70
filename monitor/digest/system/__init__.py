"""What the system page shows: whether all that is sent is stored, how soon, how much, and what was not."""
