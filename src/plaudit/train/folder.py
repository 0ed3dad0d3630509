"""A directory that appears under its name only when all of it is written."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from plaudit.errors import ConfigError

__all__ = ["check_free", "new_directory"]


def check_free(path: Path, *, overwrite: bool) -> None:
    """Raises ConfigError where something has the name, or the directory around it is missing.

    With `overwrite` a directory may have it; a file never.
    """
    if not path.parent.is_dir():
        raise ConfigError(f"{path}: the directory {str(path.parent)!r} does not exist")
    if path.exists() and not (overwrite and path.is_dir()):
        raise ConfigError(f"{path}: exists; overwrite replaces a directory")


@contextlib.contextmanager
def new_directory(path: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """A directory beside `path` to write into, which gets that name when the block ends.

    A block that raises leaves nothing, and an old directory as it was.

    >>> place = Path(tempfile.mkdtemp()) / "model"
    >>> with new_directory(place) as draft:
    ...     _ = (draft / "a").write_text("1")
    >>> [child.name for child in place.parent.iterdir()], (place / "a").read_text()
    (['model'], '1')
    """
    check_free(path, overwrite=overwrite)
    draft = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part"))
    try:
        yield draft
        mask = os.umask(0)
        os.umask(mask)
        draft.chmod(0o777 & ~mask)
        _put(draft, path)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def _put(draft: Path, path: Path) -> None:
    """Renames the draft; an old directory of the name is removed after that."""
    if not path.exists():
        draft.rename(path)
        return
    old = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=".old"))
    path.rename(old)
    try:
        draft.rename(path)
    except OSError:
        old.rename(path)
        raise
    shutil.rmtree(old)
