"""How the platform is put together and run: in one process, in images, and as a demonstration."""
