"""Settings of the whole suite."""

from hypothesis import settings

settings.register_profile("plaudit", deadline=None)  # a deadline would time the machine
settings.load_profile("plaudit")
