"""Erasure: what was marked goes from the object store, then its rows; a sweep finishes what was interrupted."""
