{{/*
What the chart knows of the components: the values key, how they are served, what they stand on, and whom they call.
The settings that follow are held against the components' Settings classes by tests/architecture/test_chart.py; the
network policies that follow are the arrows of docs/architecture.md.
*/}}
{{- define "einthoven.components" -}}
gateway:
  values: gateway
  serves: http
  uses: [identity, database]
  calls: [ingest, signal-analysis, inference, trainer, exchange]
  peerPrefix: PEERS__
  migrates: true
ingest:
  values: ingest
  serves: grpc
  uses: [identity, storage, bus, database]
  calls: []
  migrates: true
  originals: true
  pseudonyms: true
signal-analysis:
  values: signalAnalysis
  serves: grpc
  uses: [identity, storage, bus, database]
  calls: [ingest]
  migrates: true
inference:
  values: inference
  serves: grpc
  uses: [identity, storage]
  calls: [ingest, exchange]
trainer:
  values: trainer
  serves: grpc
  uses: [identity, storage, bus, database]
  calls: [ingest, exchange]
  launches: {{ eq .root.Values.trainer.launcher "kubernetes" }}
  migrates: true
exchange:
  values: exchange
  serves: grpc
  uses: [identity, storage, bus, database]
  calls: []
  migrates: true
dicom-receiver:
  values: dicomReceiver
  absent: {{ not .root.Values.dicomReceiver.enabled }}
  imageOf: ingest
  command: [python, -m, services.ingest.dicom_receiver]
  serves: dicom
  uses: [identity]
  calls: [ingest]
worker:
  values: worker
  serves: nothing
  uses: [storage, bus, database]
  calls: []
migrations:
  values: migrations
  serves: nothing
  uses: [database]
  calls: []
{{- end }}

{{/* The servers that the chart can bring for evaluation: the values key, the port, and what they are to the components. */}}
{{- define "einthoven.bundles" -}}
nats: {dependency: bus, port: 4222}
postgres: {dependency: database, port: 5432}
s3: {dependency: storage, port: 9000}
{{- end }}

{{- define "einthoven.facts" -}}
{{- get (include "einthoven.components" . | fromYaml) .component | toYaml }}
{{- end }}

{{- define "einthoven.rpcPort" -}}50051{{- end }}
{{- define "einthoven.httpPort" -}}8080{{- end }}
{{- define "einthoven.dicomPort" -}}11112{{- end }}
{{- define "einthoven.metricsPort" -}}9090{{- end }}
