"""Which release runs."""

from functools import cache
from importlib.metadata import PackageNotFoundError, version


@cache
def release() -> str:
    """Return the version of the installed distribution; a checkout that is not installed has none."""
    try:
        return version("einthoven")
    except PackageNotFoundError:
        return "0+checkout"
