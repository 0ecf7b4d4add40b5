"""What `make cluster-test` measured on a cluster; `make bench` takes it over, for it has no cluster of its own."""

import json
from pathlib import Path

from tests.bench.row import Row

MEASURED = Path(__file__).parents[2] / "build" / "cluster.json"
ABSENT = "No figures of a cluster: `make cluster-test` with KUBECONFIG set measures them into build/cluster.json."


def rows(wanted: str = "", measured: Path = MEASURED) -> list[Row]:
    """Return the rows whose name starts with what is wanted, none where no cluster was measured."""
    if not measured.exists():
        return []
    return [Row(**row) for row in json.loads(measured.read_text()) if row["name"].startswith(wanted)]
