"""How the command ends: its exit codes, and the one exception that carries a sentence and a code to `main`."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What the exit status of `einthoven` means; documented in docs/how-to/use-the-command.md."""

    DONE = 0
    FAULT = 1
    """Our fault: a fault of the platform or of this command."""
    USAGE = 2
    """The command line contradicts itself, or a file named on it is not there."""
    PARTLY_REFUSED = 3
    """The work was done, but some of its files or records were refused."""
    REFUSED = 4
    """The platform refused the request, or the training it was asked for did not succeed."""
    UNREACHABLE = 5
    """No platform answers, or the connection to it was lost."""
    INTERRUPTED = 130


class CommandFailed(Exception):
    """The command cannot go on; its sentence goes to stderr."""

    def __init__(self, sentence: str, exit_code: ExitCode) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.exit_code = exit_code
