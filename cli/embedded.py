"""`einthoven up` and `einthoven demo`: the platform in this process; no other module here starts deployables."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer

from cli.errors import CommandFailed, ExitCode
from cli.settings import DEFAULT_HOST, DEFAULT_PORT

DEFAULT_DATA_DIR: Final = Path("einthoven-data")


def up(
    data_dir: Annotated[Path, typer.Option(file_okay=False, help="Where everything is kept.")] = DEFAULT_DATA_DIR,
    host: Annotated[str, typer.Option(help="Loopback only: embedded, everyone is one local user.")] = DEFAULT_HOST,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = DEFAULT_PORT,
) -> None:
    """Serve the whole platform from this machine until interrupted."""
    with _refusals_told():
        from deploy.local import serve  # noqa: PLC0415 a remote command needs no deployable installed

        serve(data_dir, host, port)


def demo(
    data: Annotated[
        Path | None,
        typer.Option(
            exists=True, file_okay=False, help="A folder of *_signals.npy and *_labels.csv; else synthesized."
        ),
    ] = None,
    output: Annotated[Path, typer.Option(file_okay=False, help="Where pictures and the report go.")] = Path(
        "demo-output"
    ),
) -> None:
    """Take ECGs all the way: store, look, train, predict, publish."""
    with _refusals_told():
        from deploy.demo.run import run  # noqa: PLC0415 a remote command needs no deployable installed

        run(data, output)


@contextmanager
def _refusals_told() -> Iterator[None]:
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
