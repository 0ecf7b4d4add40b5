"""Start PostgreSQL as the official image does, as any user, on a root file system that cannot be written to.

POSTGRES_PASSWORD (or POSTGRES_PASSWORD_FILE), POSTGRES_USER, POSTGRES_DB and PGDATA count when PGDATA is empty.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

EMPTY: Final = Path("/opt/postgres/empty")
START_SECONDS: Final = 60.0


def main(arguments: list[str]) -> None:
    """Make the database on the first start, then become the server."""
    data = Path(os.environ["PGDATA"])
    if not (data / "PG_VERSION").exists():
        _make(data)
    if arguments[:1] == ["postgres"]:
        arguments = arguments[1:]
    sockets = next(folder for folder in ("/var/run/postgresql", "/tmp") if os.access(folder, os.W_OK))
    os.execvp("postgres", ["postgres", "-D", str(data), "-c", "listen_addresses=*", "-k", sockets, *arguments])


def _make(data: Path) -> None:
    """Fill the folder; its PG_VERSION comes last, so that a start cut short is repeated."""
    password = _password()
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = data / ".fresh"
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(EMPTY, fresh, symlinks=True)
    for folder in (fresh, *(path for path in fresh.rglob("*") if path.is_dir())):
        folder.chmod(0o700)
    _create(fresh, password)
    for path in sorted(fresh.iterdir(), key=lambda path: path.name == "PG_VERSION"):
        path.replace(data / path.name)
    fresh.rmdir()


def _password() -> str:
    file = os.environ.get("POSTGRES_PASSWORD_FILE")
    password = Path(file).read_text(encoding="utf-8").strip() if file else os.environ.get("POSTGRES_PASSWORD", "")
    if not password:
        sys.exit("POSTGRES_PASSWORD is not set; the first start needs it.")
    return password


def _create(data: Path, password: str) -> None:
    """Create the user and the database through a socket that nobody else reaches."""
    user = os.environ.get("POSTGRES_USER") or "postgres"
    database = os.environ.get("POSTGRES_DB") or user
    socket = data / "socket"
    socket.mkdir(mode=0o700)
    server = subprocess.Popen(["postgres", "-D", data, "-c", "listen_addresses=", "-k", socket])
    try:
        _wait(server, socket)
        if user != "postgres":
            _sql(socket, f"CREATE ROLE {_name(user)} SUPERUSER LOGIN")
        _sql(socket, f"ALTER ROLE {_name(user)} PASSWORD {_text(password)}")
        if database != "postgres":
            _sql(socket, f"CREATE DATABASE {_name(database)} OWNER {_name(user)}")
    finally:
        server.terminate()
        server.wait()
    shutil.rmtree(socket)


def _wait(server: subprocess.Popen[bytes], socket: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while subprocess.run(["pg_isready", "-q", "-h", socket, "-U", "postgres"], check=False).returncode:
        if server.poll() is not None or time.monotonic() > deadline:
            sys.exit("PostgreSQL did not start.")
        time.sleep(0.1)


def _sql(socket: Path, statement: str) -> None:
    # By standard input: arguments can be seen by every process.
    command = ["psql", "-q", "-v", "ON_ERROR_STOP=1", "-h", str(socket), "-U", "postgres", "-d", "postgres"]
    subprocess.run(command, input=statement, text=True, check=True)


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


if __name__ == "__main__":
    main(sys.argv[1:])
