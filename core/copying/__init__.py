"""Taking this package along into another Django project: what is copied, what of it is changed, what is to be added."""
