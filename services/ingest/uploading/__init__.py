"""The way of files into the store: arriving, finding their companions, decoded, written, made records of."""
