"""The old name of `plaudit.text.fences`."""

from plaudit.text.fences import *  # noqa: F403
from plaudit.text.fences import __all__ as __all__
