"""`python -m services.ingest` serves the room until told to stop; `migrate` and `reseal` do their work and end."""

import sys
from pathlib import Path

from services.shared import migrating

if __name__ == "__main__":
    if migrating.is_asked_for():
        sys.exit(migrating.run("ingest", Path(__file__).parent / "migrations"))

    from services.ingest import reseal
    from services.ingest.bootstrap import build
    from services.ingest.settings import IngestSettings
    from services.shared.deployable import run

    sys.exit(reseal.run() if sys.argv[1:] == [reseal.COMMAND] else run(build, IngestSettings))
