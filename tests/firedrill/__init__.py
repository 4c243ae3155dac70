"""The fire drill: its parts, and that it goes red where a safeguard of the running system is missing."""
