"""Values for a short while, within a bound."""

from services.shared.caching import ShortMemory


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def memory(clock: Clock | None = None) -> ShortMemory[str]:
    return ShortMemory(max_bytes=100, seconds=60, clock=clock or Clock())


def test_a_value_is_given_out_in_its_time_and_swept_after_it() -> None:
    clock = Clock()
    kept = memory(clock)
    kept.put("a", "A", 10)

    clock.now = 59
    within = kept.get("a")
    clock.now = 61
    beyond = kept.get("a")
    kept.sweep()

    assert (within, beyond, kept.size) == ("A", None, 0)


def test_the_one_unused_longest_goes_first() -> None:
    kept = memory()
    for name in "abcd":
        kept.put(name, name, 25)

    kept.get("a")
    kept.put("e", "e", 25)

    assert [kept.get(name) for name in "abcde"] == ["a", None, "c", "d", "e"]
    assert kept.size == 100


def test_what_is_too_large_is_not_kept() -> None:
    kept = memory()

    kept.put("a", "A", 26)

    assert kept.get("a") is None
    assert kept.size == 0


def test_a_value_put_again_counts_once() -> None:
    kept = memory()

    kept.put("a", "A", 20)
    kept.put("a", "B", 10)

    assert (kept.get("a"), kept.size) == ("B", 10)


def test_values_are_forgotten_by_their_key() -> None:
    kept = memory()
    kept.put(("one", 1), "A", 1)
    kept.put(("two", 1), "B", 1)

    kept.drop_if(lambda key: isinstance(key, tuple) and key[0] == "one")

    assert (kept.get(("one", 1)), kept.get(("two", 1))) == (None, "B")
