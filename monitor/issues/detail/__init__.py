"""The page of one issue: what one of its events says, put in an order that a reader can follow, and what is known of all.

The modules that name no model are pure functions over `monitor.events.model.Event`; `selectors` reads the tables.
"""
