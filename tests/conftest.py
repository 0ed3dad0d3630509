"""Settings of the whole suite."""

import os

from hypothesis import settings

os.environ.setdefault("OMP_NUM_THREADS", "1")  # many workers share the processors

settings.register_profile("plaudit", deadline=None)  # a deadline would time the machine
settings.load_profile("plaudit")
