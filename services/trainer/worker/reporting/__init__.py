"""The report of a training: a JSON document, and a page made of it that needs nothing else."""
