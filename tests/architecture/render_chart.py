"""Lints and renders the chart; runs in the environment of its own that holds Helm's library, and prints JSON.

.venv-chart/bin/python tests/architecture/render_chart.py CHART VALUES.json REVISION
"""

import json
import sys
from pathlib import Path
from typing import Any

import helm_python as helm


def main(chart: Path, values: dict[str, Any], revision: int) -> dict[str, Any]:
    """Return lint messages and rendered files, or the error that Helm raised."""
    try:
        report = helm.lint(chart, values=values, strict=True, namespace="einthoven")
        with helm.Chart.load(chart) as loaded:
            rendered = loaded.render(
                values,
                name="einthoven",
                namespace="einthoven",
                revision=revision,
                is_install=revision == 1,
                is_upgrade=revision > 1,
            )
    except helm.HelmError as error:
        return {"error": str(error), "lint": [], "files": {}}
    return {"error": None, "lint": report["messages"] + report["errors"], "files": rendered}


if __name__ == "__main__":
    given = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), given, int(sys.argv[3]))))
