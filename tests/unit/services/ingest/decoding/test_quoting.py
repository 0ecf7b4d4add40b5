from services.ingest.decoding.quoting import quoted


def test_short_words_stay_as_they_are() -> None:
    assert quoted("µV of Müller") == "µV of Müller"


def test_what_cannot_be_printed_or_sent_becomes_a_question_mark() -> None:
    assert quoted("a\u00a0b\tc") == "a b c"
    assert quoted("a\0b\x08\n\ud800c") == "a?b? ?c"


def test_what_is_long_is_cut() -> None:
    assert quoted("x" * 99, 5) == "xxxxx…"
