"""`einthoven up`, and a platform of its own for whoever needs one; no other module here starts deployables."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer

from cli.errors import CommandFailed, ExitCode
from cli.output import say
from cli.settings import DEFAULT_HOST, DEFAULT_PORT

DEFAULT_DATA_DIR: Final = Path("einthoven-data")
STOP_SECONDS: Final = 30


def up(
    data_dir: Annotated[Path, typer.Option(file_okay=False, help="Where everything is kept.")] = DEFAULT_DATA_DIR,
    host: Annotated[str, typer.Option(help="Loopback only: embedded, everyone is one local user.")] = DEFAULT_HOST,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = DEFAULT_PORT,
    dicom_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Receive ECGs by DICOM C-STORE on this port.")
    ] = None,
    dicom_sender: Annotated[
        list[str] | None, typer.Option(metavar="AE_TITLE", help="Who may send; EINTHOVEN-SCU where none is named.")
    ] = None,
) -> None:
    """Serve the whole platform from this machine until interrupted."""
    with refusals_told():
        from deploy.local.serving import serve  # noqa: PLC0415 a remote command needs no deployable installed
        from deploy.local.settings import LocalSettings  # noqa: PLC0415 likewise

        serve(
            LocalSettings(
                data_dir, host, port, dicom_port=dicom_port, dicom_senders=tuple(dicom_sender or ("EINTHOVEN-SCU",))
            ),
            announce=lambda url: say(f"Einthoven answers at {url}. End with Ctrl-C."),
        )


@contextmanager
def own_platform(data_dir: Path) -> Iterator[str]:
    """Serve a platform of its own in a process beside this one; yields its address and stops it in the end."""
    command = [sys.executable, "-m", "deploy.local", "--data-dir", str(data_dir), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 our own module
        try:
            url = process.stdout.readline().strip() if process.stdout else ""
            if not url:
                raise CommandFailed("The platform did not start; what it said is above.", ExitCode.FAULT)
            yield url
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)


@contextmanager
def refusals_told() -> Iterator[None]:
    """Say in one sentence what the platform refuses, or what is not installed."""
    try:
        from services.shared.errors import PlatformError  # noqa: PLC0415 as above
    except ModuleNotFoundError as error:
        raise CommandFailed(
            "Only the command is installed here. Install the platform with `make setup`.", ExitCode.USAGE
        ) from error
    try:
        yield
    except PlatformError as refusal:
        raise CommandFailed(refusal.detail, ExitCode.REFUSED) from refusal
    except ModuleNotFoundError as error:
        raise CommandFailed(
            f"{error.name} is not installed here. Install everything with `make setup`.", ExitCode.USAGE
        ) from error
