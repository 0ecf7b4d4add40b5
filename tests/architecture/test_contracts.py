from pathlib import Path

import pytest

from tests.architecture import contracts
from tests.architecture.tree import ROOT


def test_generated_code_is_what_the_contracts_give(tmp_path: Path) -> None:
    assert contracts.drift(ROOT, tmp_path) == []


def test_no_contract_breaks_the_one_on_main() -> None:
    if not contracts.known("main"):
        pytest.skip("This clone has no branch main to compare with.")

    assert contracts.breaks(ROOT) == []
