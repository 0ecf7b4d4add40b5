"""What operators see: structured logs, Prometheus metrics, OpenTelemetry traces. No payload, no patient data."""
