"""The other services as the trainer's ports, over gRPC."""
