"""What the one-process platform is configured with: a folder and an address; everything else follows."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.settings import is_loopback
from services.shared.errors import Conflict, InvalidRequest
from services.shared.settings import DatabaseSettings, IdentitySettings, RpcSettings, StorageSettings, TelemetrySettings

DRAIN_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """Where data lies and where the web page answers."""

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 8080
    """0 takes a free port."""
    dicom_port: int | None = None
    """Where DICOM senders reach it; 0 takes a free port, None receives none."""
    dicom_senders: tuple[str, ...] = ("EINTHOVEN-SCU",)
    """The AE titles that may send."""
    telemetry: TelemetrySettings = field(
        default_factory=lambda: TelemetrySettings(log_format="text", log_level="warning")
    )

    def __post_init__(self) -> None:
        """Refuse an address that others reach: everyone who does is the one local user."""
        if not is_loopback(self.host):
            raise InvalidRequest(
                f"In one process everyone is the one local user, so it listens on loopback only, not on {self.host!r}: "
                "leave out --host, or run the deployables by themselves with authentication 'api_keys'."
            )

    def parts(self, service: str) -> dict[str, Any]:
        """Return the settings that every service shares, with a database file of its own."""
        database = self.data_dir / f"{service}.sqlite"
        return {
            "storage": StorageSettings(kind="folder", folder=self.data_dir / "objects"),
            "database": DatabaseSettings(url=f"sqlite+aiosqlite:///{database}"),
            "identity": IdentitySettings(secret=self._secret()),
            "rpc": RpcSettings(drain_seconds=DRAIN_SECONDS),
            "telemetry": self.telemetry,
        }

    def _secret(self) -> str:
        """Return the identity secret, made once and readable by its owner only."""
        path = self.data_dir / "identity.secret"
        if not path.exists():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_hex(32))
        return path.read_text().strip()


@contextmanager
def exclusive(data_dir: Path) -> Iterator[None]:
    """Hold the data folder for this process; raises Conflict where another has it, InvalidRequest where it is none."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (data_dir / ".lock").open("w")
    except OSError as error:
        raise InvalidRequest(
            f"{data_dir} cannot hold data: {error.strerror}. Take a folder that you may write to as --data-dir."
        ) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(
                f"{data_dir} is in use by another Einthoven. Stop that one, or take another --data-dir."
            ) from None
        yield
