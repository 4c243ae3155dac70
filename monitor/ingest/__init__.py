"""The receiving end: authenticates, bounds, writes to the spool, answers. It knows no Django and no database."""
