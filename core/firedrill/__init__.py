"""The fire drill: cause each kind of failure through the front door, follow it to whoever is told, and say what is wrong."""
