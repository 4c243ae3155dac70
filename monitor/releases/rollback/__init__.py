"""Taking a release back: found by exact counts, said once with the evidence, and carried out as the strategy allows."""
