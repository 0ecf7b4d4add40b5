"""The gateway: the only door from outside.

Serves REST under /api/v1, the Open Inference Protocol under /v2, server-sent events, the web page at /, /docs,
/openapi.json, /healthz, /readyz and /metrics. Asks ingest, signal_analysis, inference, trainer and exchange by gRPC.
Decides who may call (API keys, or one local user) and how much; never lets a caller choose its department.
Stores in its database: `gateway_api_keys` (fingerprints only) and `gateway_audit` (one row per call that changes
something). Keeps no file and no ECG. Environment: EINTHOVEN_GATEWAY_*. Runs by `python -m gateway`; keys are made by
`python -m gateway.keys`.
"""
