import pytest

from tests.architecture import dependencies


@pytest.mark.parametrize("folder", dependencies.EXTRAS_OF)
def test_a_folder_imports_only_what_its_image_installs(folder: str) -> None:
    assert dependencies.undeclared(folder) == []


def test_no_dependency_is_declared_for_nothing() -> None:
    assert dependencies.unused() == []
