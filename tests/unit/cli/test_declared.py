from cli.declared import form_fields


def test_what_was_not_declared_is_not_sent() -> None:
    assert form_fields(500.0, None, "mimic", None, None, None, 8, False, None) == {  # noqa: FBT003 an option's value
        "sampling_rate_hz": "500.0",
        "lead_layout": "mimic",
        "lead_count": "8",
        "interleaved": "false",
    }
