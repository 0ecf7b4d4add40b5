"""`python -m gateway` serves the door until it is told to stop; with `migrate` it only sees to its tables."""

import sys
from pathlib import Path

from services.shared import migrating

if __name__ == "__main__":
    if migrating.is_asked_for():
        sys.exit(migrating.run("gateway", Path(__file__).parent / "migrations"))

    from uvicorn.loops.uvloop import uvloop_loop_factory

    from gateway.bootstrap import build
    from gateway.settings import GatewaySettings
    from services.shared.deployable import run

    sys.exit(run(build, GatewaySettings, loop_factory=uvloop_loop_factory()))
