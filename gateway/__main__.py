"""Runs the gateway: `python -m gateway`."""

import sys

import uvloop

from gateway.bootstrap import build
from gateway.settings import GatewaySettings
from services.shared.deployable import run

if __name__ == "__main__":
    sys.exit(run(build, GatewaySettings, loop_factory=uvloop.new_event_loop))
