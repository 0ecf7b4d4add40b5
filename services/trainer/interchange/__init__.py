"""ONNX models to torch and back: read, checked, normalized, converted, given a new head, written and proven equal."""
