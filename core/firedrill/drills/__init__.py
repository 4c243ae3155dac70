"""Each kind of failure that is drilled, one module for those that are caused in the same way."""
