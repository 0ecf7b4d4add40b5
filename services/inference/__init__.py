"""Predictions: models of the store run on ECGs of the caller's department, by ONNX Runtime.

Serves einthoven.inference.v1.InferenceService. Asks the exchange for models and ingest for records, reads signals and
model files from the object store itself. Stores nothing; sessions are cached in memory, bounded.
"""
