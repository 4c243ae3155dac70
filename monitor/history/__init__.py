"""Makes a month of generated history, so that pages can be looked at and tried out before there is a real one."""
