{{/*
What the chart knows of the components: the values key, the adapters they stand on, and the services they call.
The settings that follow are held against the components' Settings classes by tests/architecture/test_chart.py.
*/}}
{{- define "einthoven.components" -}}
gateway:
  values: gateway
  uses: [database]
  calls: [ingest, signal-analysis, inference, trainer, exchange]
  peerPrefix: PEERS__
ingest:
  values: ingest
  uses: [storage, bus, rpc, database]
  calls: []
signal-analysis:
  values: signalAnalysis
  uses: [storage, rpc]
  calls: [ingest]
inference:
  values: inference
  uses: [storage, rpc]
  calls: [ingest, exchange]
trainer:
  values: trainer
  uses: [storage, bus, rpc, database]
  calls: [ingest, exchange]
exchange:
  values: exchange
  uses: [storage, bus, rpc, database]
  calls: []
{{- end }}


{{- define "einthoven.facts" -}}
{{- get (include "einthoven.components" . | fromYaml) .component | toYaml }}
{{- end }}

{{- define "einthoven.rpcPort" -}}50051{{- end }}
{{- define "einthoven.httpPort" -}}8080{{- end }}
{{- define "einthoven.metricsPort" -}}9090{{- end }}
