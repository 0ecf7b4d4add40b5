"""Fixtures of the tests in a browser."""

from tests.e2e.browsing import browser, dataset, page

__all__ = ["browser", "dataset", "page"]
