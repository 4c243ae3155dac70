"""Projects, their members with roles, and the list of what happened in them."""
