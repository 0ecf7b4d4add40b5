"""Learning itself: examples, one loop, its checkpoints and its figures. Knows no service, no store, no database."""
