"""What strategy.toml says, as frozen dataclasses; each field declares its key, its meaning and what it may be."""
