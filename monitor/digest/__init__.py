"""From the spool to the rooms: batches, poison, payload files, positions."""
