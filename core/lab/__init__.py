"""The error laboratory: break the application on purpose, see what was expected beside what arrived. Under DEBUG only."""
