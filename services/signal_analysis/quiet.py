"""Warnings of the analysis libraries that say nothing to us."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_LIBRARIES: Final = r"(neurokit2|rlign)(\.|$)"
_MEAN: Final = r"numpy\._core\.(_methods|fromnumeric)$"
"""Where numpy warns that a library averages nothing."""


@contextmanager
def quiet() -> Iterator[None]:
    """Ignore what Rlign, and NeuroKit2 beneath it, warn of within the block.

    They warn of short or flat stretches by UserWarning, and divide by zero or average nothing on the way; what comes
    of it is judged by its values (NaN, no peaks), not by the warning. Filters belong to the process, so that only
    one thread may be inside at a time: `compute` sees to it.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=UserWarning, module=_LIBRARIES)
        warnings.filterwarnings("ignore", category=RuntimeWarning, module=_LIBRARIES)
        warnings.filterwarnings("ignore", category=RuntimeWarning, module=_MEAN)
        yield
