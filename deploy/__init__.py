"""How the deployables are run: all in one process, as images, and on show."""
