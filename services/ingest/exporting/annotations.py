"""What was measured on an ECG and travels with it: given by whoever asks for the file, never made up here."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Value:
    """One measured value over all leads, with its unit (UCUM)."""

    name: str
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Wave:
    """One wave over all leads, in samples from 0."""

    kind: str
    onset: int
    offset: int

    def at_rate(self, ratio: float) -> "Wave":
        """Return the wave in samples of a rate that is so many times as high."""
        return replace(self, onset=round(self.onset * ratio), offset=round(self.offset * ratio))


@dataclass(frozen=True, slots=True)
class Annotations:
    """Values and waves, and who measured them."""

    values: tuple[Value, ...] = ()
    waves: tuple[Wave, ...] = ()
    source: str = ""

    def __bool__(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.values or self.waves)

    def at_rate(self, ratio: float) -> "Annotations":
        """Return the same for a signal that was resampled to so many times its rate."""
        return self if ratio == 1 else replace(self, waves=tuple(wave.at_rate(ratio) for wave in self.waves))


NONE = Annotations()
