"""One class per quality check: it sees the series block by block, carries state over the edges, and tells at the end."""
