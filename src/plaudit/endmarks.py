"""The old name of `plaudit.text.endmarks`."""

from plaudit.text.endmarks import *  # noqa: F403
from plaudit.text.endmarks import __all__ as __all__
