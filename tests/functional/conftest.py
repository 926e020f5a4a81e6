"""What the tests of real runs share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def own_store(tmp_path: Path) -> None:
    """A store beside the flow: Metaflow would take one that lies in any folder above, and keep the runs there."""
    (tmp_path / ".metaflow").mkdir()
