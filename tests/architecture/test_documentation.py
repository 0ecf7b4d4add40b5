from tests.architecture import documentation
from tests.architecture.tree import ROOT


def test_every_relative_link_leads_somewhere() -> None:
    assert list(documentation.broken_links(ROOT)) == []


def test_every_direct_dependency_has_a_reason() -> None:
    assert documentation.unreasoned(ROOT) == []
