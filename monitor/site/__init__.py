"""The frame of all pages: navigation, charts, lists, how things are shown."""
