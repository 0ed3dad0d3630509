"""The old name of `plaudit.text.think`."""

from plaudit.old_names import old_names
from plaudit.text.think import *  # noqa: F403
from plaudit.text.think import __all__ as __all__

__getattr__ = old_names(__name__)
