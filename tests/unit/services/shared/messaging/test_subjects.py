import pytest

from services.shared.messaging import check_message, subjects


@pytest.mark.parametrize(
    ("pattern", "subject", "expected"),
    [
        ("a.b", "a.b", True),
        ("a.b", "a.b.c", False),
        ("a.*", "a.b", True),
        ("a.*", "a.b.c", False),
        ("*.b", "a.b", True),
        ("a.>", "a.b.c", True),
        ("a.>", "a", False),
        ("a.*.>", "a.b", False),
        (">", "a", True),
    ],
)
def test_a_pattern_matches_as_in_nats(pattern: str, subject: str, *, expected: bool) -> None:
    assert subjects.matches(pattern, subject) is expected


def test_every_event_names_its_tenant_last() -> None:
    events = [
        subjects.recordings_stored,
        subjects.recordings_erased,
        subjects.datasets_changed,
        subjects.trainings_changed,
        subjects.models_registered,
    ]

    named = [event("cardiology") for event in events]

    assert len(set(named)) == len(events)
    assert all(subjects.matches(event(subjects.EVERY), name) for event, name in zip(events, named, strict=True))


def test_every_queue_has_a_subject_of_its_own() -> None:
    wanted = {queue.subject for queue in subjects.WORK_QUEUES}

    assert len(wanted) == len({queue.name for queue in subjects.WORK_QUEUES}) == len(subjects.WORK_QUEUES)
    for subject in wanted:
        check_message(subject, b"")
