"""Who may see and do what: users, roles, tokens, and the log of what they did."""
