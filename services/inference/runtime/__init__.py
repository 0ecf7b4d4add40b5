"""Running models: the port, its adapter on ONNX Runtime, and what makes runs quick."""
