from tests.architecture import layout
from tests.architecture.tree import ROOT


def test_modules_functions_names_and_furniture_keep_to_the_rules_of_the_house() -> None:
    assert layout.faults(ROOT) == []
