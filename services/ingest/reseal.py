"""`python -m services.ingest reseal`: seals every original under the secret of today, says how many, and ends."""

import asyncio
import sys
from dataclasses import asdict
from typing import Final

from services.ingest.bootstrap import open_resealing
from services.ingest.settings import IngestSettings
from services.shared.errors import InvalidRequest, PlatformError
from services.shared.observability import logs
from services.shared.settings import load

COMMAND: Final = "reseal"
USAGE_EXIT_CODE: Final = 2

_log = logs.get_logger(__name__)


def run() -> int:
    """Reseal; return the exit status of the process."""
    try:
        settings = _settings()
    except InvalidRequest as error:
        sys.stderr.write(error.detail + "\n")
        return USAGE_EXIT_CODE
    logs.configure(settings.telemetry, deployable="ingest")
    try:
        asyncio.run(_reseal(settings))
    except PlatformError as error:
        _log.error("not_resealed", code=error.code.value, detail=error.detail)
        return 1
    return 0


def _settings() -> IngestSettings:
    settings = load(IngestSettings)
    if settings.originals != "encrypted":
        raise InvalidRequest(f"The setting originals is {settings.originals}: only encrypted originals are sealed.")
    return settings


async def _reseal(settings: IngestSettings) -> None:
    async with open_resealing(settings) as resealing:
        _log.info("resealed", **asdict(await resealing.run()))
