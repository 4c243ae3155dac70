"""One pytest session over two processes: what the one that holds the other Django site reports, the first one shows."""
