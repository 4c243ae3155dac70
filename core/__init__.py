"""How this application handles its errors: the folder to copy into another Django project."""
