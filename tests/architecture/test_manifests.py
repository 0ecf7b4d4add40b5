from pathlib import Path

import pytest

from tests.architecture import chart, manifests

pytestmark = pytest.mark.skipif(not chart.PYTHON.exists(), reason="Helm's library is not installed: `make check` does.")


def test_the_chart_renders_what_was_agreed_on(tmp_path: Path) -> None:
    difference = manifests.difference(tmp_path)

    assert not difference, f"If this is what you meant, `make snapshots` and commit it:\n{difference}"
