"""Issues and their events: what is kept of errors and messages, and its pages."""
