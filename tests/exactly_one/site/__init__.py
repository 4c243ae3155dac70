"""A small Django project that fails in every way, and has copied `core/` for it."""
