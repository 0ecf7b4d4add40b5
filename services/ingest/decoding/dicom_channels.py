"""The channels of a DICOM waveform (PS3.3 C.10.9): which lead, how scaled, and their samples.

Physical value = raw x Channel Sensitivity x Sensitivity Correction Factor + Channel Baseline, per channel.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from services.ingest.decoding.dicom_claims import CODE_MEANING, CODE_VALUE
from services.ingest.decoding.dicom_elements import DataSet
from services.ingest.decoding.leads import canonical, of_code
from services.ingest.decoding.units import millivolt_per, ucum
from services.shared.acquisition import Scale
from services.shared.ecg import STANDARD_LEADS, Remark
from services.shared.errors import UnreadableFile

_CHANNELS: Final = 0x003A0005
_SAMPLES: Final = 0x003A0010
_RATE: Final = 0x003A001A
_LABEL: Final = 0x003A0020
_ORIGINALITY: Final = 0x003A0004
_DEFINITIONS: Final = 0x003A0200
_CHANNEL_LABEL: Final = 0x003A0203
_SOURCE: Final = 0x003A0208
_SENSITIVITY: Final = 0x003A0210
_UNITS: Final = 0x003A0211
_CORRECTION: Final = 0x003A0212
_BASELINE: Final = 0x003A0213
_TIME_SKEW: Final = 0x003A0214
_SAMPLE_SKEW: Final = 0x003A0215
_OFFSET: Final = 0x00181068
_BITS: Final = 0x54001004
_INTERPRETATION: Final = 0x54001006
_PADDING: Final = 0x5400100A
_DATA: Final = 0x54001010
_BYTES: Final = {8: 1, 16: 2, 32: 4}
_KINDS: Final = {"SB": "i", "SS": "i", "SL": "i", "UB": "u", "US": "u", "UL": "u"}
_COMPANDED: Final = {"MB": "mu-law", "AB": "A-law"}
_MAX_CHANNELS: Final = 64


@dataclass(frozen=True)
class Group:
    """One multiplex group: channels that were sampled together."""

    item: DataSet

    @cached_property
    def channels(self) -> list[DataSet]:
        """The definitions of its channels."""
        return self.item.items(_DEFINITIONS)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The lead of each channel."""
        return tuple(_name(channel, row) for row, channel in enumerate(self.channels))

    @cached_property
    def rate_hz(self) -> float:
        """The sampling rate; 0 where none is stated."""
        return self.item.number(_RATE) or 0.0

    @cached_property
    def samples(self) -> int:
        """The announced samples per channel."""
        return int(self.item.number(_SAMPLES, "I") or 0)

    @property
    def duration_s(self) -> float:
        """How long it is."""
        return self.samples / max(self.rate_hz, 1e-9)

    @property
    def clock(self) -> tuple[float, int, float]:
        """What groups that were recorded at the same time share: rate, samples, and offset in ms."""
        return self.rate_hz, self.samples, self.item.number(_OFFSET) or 0.0

    @property
    def is_beat(self) -> bool:
        """Say whether it is a median beat, or what else was computed from the recording."""
        label, originality = self.item.text(_LABEL).upper(), self.item.text(_ORIGINALITY).upper()
        is_named = any(word in label for word in ("MEDIAN", "AVERAGE", "TEMPLATE", "REPRESENTATIVE"))
        return is_named or (originality == "DERIVED" and "RHYTHM" not in label)

    @property
    def standard(self) -> int:
        """How many of the twelve leads it holds."""
        return len({*self.names} & {*STANDARD_LEADS})

    def raw(self) -> NDArray[Any]:
        """Return the encoded samples (channels, samples); raises UnreadableFile where some are not there."""
        dtype, channels = self._dtype(), int(self.item.number(_CHANNELS, "H") or 0)
        if not 0 < channels <= _MAX_CHANNELS or channels != len(self.channels):
            raise UnreadableFile(f"The waveform announces {channels} channels and defines {len(self.channels)}.")
        if self.samples == 0:
            raise UnreadableFile("The waveform of the DICOM object announces no samples; export it again.")
        data, expected = self.item.data(_DATA), channels * self.samples * dtype.itemsize
        if len(data) < expected:
            raise UnreadableFile(f"The waveform is truncated: {expected} bytes were expected, {len(data)} are there.")
        return np.frombuffer(data, dtype=dtype, count=channels * self.samples).reshape(self.samples, channels).T

    def padding(self) -> int | None:
        """Return the raw value that means nothing was recorded; None where any value may be a sample.

        A padding within the range of an ECG, such as the 0 that some writers state, would tear holes into it.
        """
        dtype = self._dtype()
        limits = np.iinfo(dtype)
        data = bytes(self.item.data(_PADDING))[: dtype.itemsize]
        stated = int(np.frombuffer(data, dtype)[0]) if len(data) == dtype.itemsize else None
        if stated in {limits.min, limits.max}:
            return stated
        return int(limits.min) if dtype.kind == "i" else None

    def skew(self) -> Remark | None:
        """Return what is to be said where the channels were sampled one after the other."""
        seconds = max((abs(each.number(_TIME_SKEW) or 0.0) for each in self.channels), default=0.0)
        samples = max((abs(each.number(_SAMPLE_SKEW) or 0.0) for each in self.channels), default=0.0)
        largest = max(seconds, samples / max(self.rate_hz, 1e-9))
        if not largest:
            return None
        return Remark(
            "channel_skew", f"The channels were sampled up to {largest * 1000:.3g} ms apart, which was not corrected."
        )

    def _dtype(self) -> np.dtype[Any]:
        bits = int(self.item.number(_BITS, "H") or 0)
        interpretation = self.item.text(_INTERPRETATION).upper()
        if interpretation in _COMPANDED:
            raise UnreadableFile(
                f"The samples are companded ({_COMPANDED[interpretation]}), as sound is; linear samples of 8, 16 or 32 "
                "bits were expected: export it so."
            )
        if bits not in _BYTES or interpretation not in _KINDS:
            raise UnreadableFile(
                f"Samples of {bits} bits, {interpretation[:16] or 'no interpretation'}, are not read; expected 8, 16 "
                "or 32 bits, linear."
            )
        order = "<" if self.item.is_little_endian else ">"
        return np.dtype(f"{order}{_KINDS[interpretation]}{_BYTES[bits]}")


@dataclass(frozen=True, slots=True)
class Volts:
    """How the samples of a channel become millivolt."""

    per_unit_mv: float
    zero_mv: float
    stated: Scale
    is_assumed: bool = False


def volts_of(channel: DataSet, name: str, assumed_gain: float) -> Volts | None:
    """Return the scale of a channel; None where it is no voltage, as of a pressure.

    Raises UnreadableFile where a standard lead is in no unit of voltage.
    """
    sensitivity = channel.number(_SENSITIVITY)
    if sensitivity is None:
        return Volts(1 / assumed_gain, 0.0, Scale(name, 1 / assumed_gain, ""), is_assumed=True)
    units = channel.first(_UNITS)
    texts = [units.text(CODE_VALUE), units.text(CODE_MEANING)] if units else [""]
    unit = next((text for text in texts if ucum(text)), texts[0])
    factor = millivolt_per(unit)
    if factor is None and name not in STANDARD_LEADS:
        return None
    if factor is None or sensitivity == 0:
        raise UnreadableFile(
            f"Lead {name} has a sensitivity of {sensitivity:g} {unit[:16] or 'of no unit'}; a number of a unit of "
            "voltage such as uV or mV was expected."
        )
    correction = channel.number(_CORRECTION)
    resolution = sensitivity * (1.0 if correction is None else correction)
    zero = (channel.number(_BASELINE) or 0.0) * factor
    return Volts(resolution * factor, zero, Scale(name, resolution, ucum(unit) or ""))


def _name(channel: DataSet, row: int) -> str:
    """Return a channel's lead by its code, else by the code's meaning, else by its label."""
    source = channel.first(_SOURCE)
    code = source.text(CODE_VALUE) if source else ""
    known = of_code(code)
    if known:
        return known
    texts = [source.text(CODE_MEANING), code] if source else []
    texts.append(channel.text(_CHANNEL_LABEL))
    known = next((lead for text in texts if (lead := canonical(text))), None)
    return known or next((text for text in texts if text), f"channel {row + 1}")
