"""What every command that talks to a platform is told: where it is, who calls, and whom the answer is for."""

from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import urlsplit

import typer

from cli.errors import CommandFailed, ExitCode

DEFAULT_HOST: Final = "127.0.0.1"
DEFAULT_PORT: Final = 8080
DEFAULT_URL: Final = f"http://{DEFAULT_HOST}:{DEFAULT_PORT}"

Url = Annotated[str, typer.Option("--url", envvar="EINTHOVEN_URL", help="Where the platform answers.")]
ApiKey = Annotated[
    str | None,
    typer.Option("--api-key", envvar="EINTHOVEN_API_KEY", show_default=False, help="Your department's API key."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables, for scripts.")]


@dataclass(frozen=True, slots=True)
class Connection:
    """Where the platform is and the key to show it."""

    url: str
    api_key: str | None

    def __post_init__(self) -> None:
        """Refuse an address that is none."""
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise CommandFailed(
                f"{self.url!r} is not an address of a platform. Expected one like {DEFAULT_URL}.", ExitCode.USAGE
            )

    def headers(self) -> dict[str, str]:
        """Return the headers that say who calls."""
        return {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}
