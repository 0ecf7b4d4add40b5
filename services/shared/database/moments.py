"""Moments as rows give them back."""

from datetime import UTC, datetime


def in_utc(moment: datetime) -> datetime:
    """Return a moment with its zone, which SQLite does not keep."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
