import pytest

from cli.output import print_table


def test_a_cell_is_shown_whole_on_a_narrow_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    digest = "0123456789abcdef" * 4

    print_table(("File", "sha256"), [("model.onnx", digest)])

    shown = "".join(line.split("│")[2].strip() for line in capsys.readouterr().out.splitlines() if line.startswith("│"))
    assert shown == digest
