"""Daily weather of a place, imported from a service outside that may be away, slow or wrong."""
