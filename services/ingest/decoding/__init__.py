"""From what a format found to a Recording: lead names and order, units, derived leads, limits; numpy only, no I/O."""
