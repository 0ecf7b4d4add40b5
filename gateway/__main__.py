"""Runs the gateway: `python -m gateway`."""

import sys

from uvicorn.loops.uvloop import uvloop_loop_factory

from gateway.bootstrap import build
from gateway.settings import GatewaySettings
from services.shared.deployable import run

if __name__ == "__main__":
    sys.exit(run(build, GatewaySettings, loop_factory=uvloop_loop_factory()))
