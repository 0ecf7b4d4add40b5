import socket
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from cli.app import app
from cli.errors import CommandFailed, ExitCode


def test_help_documents_every_exit_code() -> None:
    shown = CliRunner().invoke(app, ["--help"], env={"TERM": "dumb", "COLUMNS": "300"}).output

    assert all(str(int(code)) in shown for code in ExitCode)


def test_every_command_that_talks_to_a_platform_takes_url_key_and_json() -> None:
    commands = [
        ["ingest"],
        ["predict"],
        ["train"],
        *(["models", name] for name in ["list", "show", "import", "publish", "fetch"]),
    ]

    shown = [
        CliRunner().invoke(app, [*command, "--help"], env={"TERM": "dumb", "COLUMNS": "300"}).output
        for command in commands
    ]

    assert all(
        {"--url", "--api-key", "--json", "EINTHOVEN_URL", "EINTHOVEN_API_KEY"} <= set(_words(text)) for text in shown
    )


def test_wrong_usage_exits_with_2() -> None:
    assert CliRunner().invoke(app, ["ingest"]).exit_code == ExitCode.USAGE


def test_an_address_that_is_none_is_refused() -> None:
    result = CliRunner().invoke(app, ["models", "list", "--url", "ftp://x"])

    assert isinstance(result.exception, CommandFailed)
    assert result.exception.exit_code == ExitCode.USAGE


def test_a_platform_that_does_not_answer_is_one_sentence_on_stderr_and_exit_code_5() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"

        ended = subprocess.run(
            [sys.executable, "-c", "from cli.app import main; main()", "models", "list", "--url", url],
            capture_output=True,
            text=True,
            check=False,
        )

    assert ended.returncode == ExitCode.UNREACHABLE
    assert ended.stdout == ""
    assert ended.stderr.startswith(f"No platform answers at {url}")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("module", ["torch", "services", "gateway", "deploy", "numpy"])
def test_the_command_starts_without_the_platform(module: str) -> None:
    script = f"import sys, cli.app; sys.exit(any(name.split('.')[0] == {module!r} for name in sys.modules))"

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def _words(text: str) -> list[str]:
    return "".join(each if each.isalnum() or each in "-_" else " " for each in text).split()
