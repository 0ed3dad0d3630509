"""The old name of `plaudit.text.think`."""

from plaudit.text.think import *  # noqa: F403
from plaudit.text.think import __all__ as __all__
