"""Starts PostgreSQL, Valkey and HydroML's processes on one machine, without Docker."""
