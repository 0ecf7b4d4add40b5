"""DICOM objects as such: what they call themselves, and how they are given back."""
