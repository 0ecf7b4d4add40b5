import pytest
from google.protobuf.descriptor import ServiceDescriptor

from tests.architecture import catalogs


@pytest.mark.parametrize("name", catalogs.TABLES)
def test_every_error_code_is_in_every_table(name: str) -> None:
    assert catalogs.gaps(catalogs.table(name)) == set()


@pytest.mark.parametrize(("room", "service"), [pytest.param(*pair, id=pair[0]) for pair in catalogs.contracts()])
def test_every_rpc_has_a_servicer_method(room: str, service: ServiceDescriptor) -> None:
    assert catalogs.unserved(room, service) == []


def test_every_subject_of_the_bus_is_written_down_in_the_events_contract() -> None:
    assert catalogs.unwritten_subjects() == set()
