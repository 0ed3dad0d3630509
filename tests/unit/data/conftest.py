from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def shared_data() -> Path:
    path = Path(__file__).parents[3].parent / "shared" / "data"
    if not path.is_dir():
        pytest.skip("the shared data files are not beside this checkout")
    return path
