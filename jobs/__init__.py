"""Work that outlives its worker: a lease with heartbeat in PostgreSQL, and a reaper that puts lost work back."""
