"""ONNX files from anywhere: what they may contain, and what they say of themselves. Nothing in them is ever run."""
