"""From settings to a database."""

import ssl
from pathlib import Path
from typing import Final

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from services.shared.database.engine import Database
from services.shared.errors import InvalidRequest, Unavailable
from services.shared.settings import DatabaseSettings

_DRIVERS: Final = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
_UNCHECKED: Final = ("disable", "allow", "prefer", "require")
_CHECKED: Final = ("verify-ca", "verify-full")


def open_database(settings: DatabaseSettings) -> Database:
    """Return the database that the settings name; it connects at its first call, so one that is down stops no start."""
    url = _url_of(settings)
    if url.get_backend_name() == "sqlite":
        _make_folder(url)
        return Database(url, pool_size=settings.pool_size)
    mode = url.query.get("sslmode", "verify-full" if settings.ca_file else "prefer")
    tls = _tls(str(mode), settings.ca_file)
    return Database(url.difference_update_query(["sslmode"]), pool_size=settings.pool_size, tls=tls)


def _url_of(settings: DatabaseSettings) -> URL:
    try:
        url = make_url(settings.url.get_secret_value())
    except ArgumentError:
        raise InvalidRequest("The database's URL cannot be read; it is sqlite:///FILE or postgresql://…") from None
    kind = url.drivername.partition("+")[0]
    if kind not in _DRIVERS:
        raise InvalidRequest(f"A database of kind {kind} is not supported; take sqlite or postgresql.")
    return url.set(drivername=_DRIVERS[kind])


def _tls(mode: str, ca_file: Path | None) -> ssl.SSLContext | str:
    """Return how PostgreSQL is spoken to: a context that checks its certificate, or a mode that does not."""
    if mode in _UNCHECKED:
        return mode
    if mode not in _CHECKED:
        raise InvalidRequest(f"The database's sslmode is one of {', '.join((*_UNCHECKED, *_CHECKED))}, not {mode!r}.")
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise InvalidRequest(f"The certificate authority of the database cannot be read: {error}.") from None
    context.check_hostname = mode == "verify-full"
    return context


def _make_folder(url: URL) -> None:
    if not url.database or url.database == ":memory:":
        raise InvalidRequest("SQLite needs a file here, for several connections share it: sqlite:///FILE.")
    try:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(f"The folder of the database cannot be made: {error.strerror}.") from error
