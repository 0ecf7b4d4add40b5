"""Views as numbers in files: CSV and NPY."""
