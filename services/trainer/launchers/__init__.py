"""Ways to start a worker, one file each: a local process now, Kubernetes Jobs beside it."""
