"""Datasets by name, as people know them."""

from cli.client import Json, Platform
from cli.errors import CommandFailed, ExitCode


def dataset_named(platform: Platform, name: str, *, make: bool = False) -> str:
    """Return the identifier of the department's dataset with this name or identifier; `make` it where there is none."""
    if (found := dataset_found(platform, name)) is not None:
        return str(found["dataset_id"])
    if not make:
        raise CommandFailed(f"There is no dataset named {name!r}. `einthoven ingest` makes one.", ExitCode.REFUSED)
    return str(platform.post("/datasets", {"name": name})["dataset_id"])


def dataset_found(platform: Platform, name: str) -> Json | None:
    """Return the department's dataset with this name or identifier, if there is one."""
    return next((found for found in platform.items("/datasets") if name in {found["name"], found["dataset_id"]}), None)
