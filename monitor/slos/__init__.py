"""Objectives of the strategy held against exact counts: how much of each error budget is left, and how long it lasts."""
