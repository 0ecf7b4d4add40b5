"""The demonstration: synthesized ECGs with visible pathology, carried through the whole platform and drawn on paper."""
