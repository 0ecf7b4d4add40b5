"""gRPC between deployables: one server, one client, one table of statuses. Servicers and clients are the rooms' own."""
