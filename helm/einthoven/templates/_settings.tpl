{{/* The settings of one component that are no secret, without their prefix, as YAML. */}}
{{- define "einthoven.settings" -}}
{{- $facts := include "einthoven.facts" . | fromYaml -}}
{{- $root := .root -}}
{{- $values := .root.Values -}}
{{- $settings := dict "TELEMETRY__LOG_LEVEL" $values.telemetry.logLevel -}}
{{- with $values.telemetry.otlpEndpoint }}
{{- $_ := set $settings "TELEMETRY__OTLP_ENDPOINT" . }}
{{- end }}
{{- range $use := $facts.uses }}
{{- $_ := merge $settings (include (printf "einthoven.settings.%s" $use) $root | fromYaml) }}
{{- end }}
{{- if ne $facts.serves "nothing" }}
{{- $_ := merge $settings (include (printf "einthoven.settings.%s" $facts.serves) . | fromYaml) }}
{{- $_ := merge $settings (dict "TELEMETRY__METRICS_HOST" "0.0.0.0" "TELEMETRY__METRICS_PORT" (include "einthoven.metricsPort" .)) }}
{{- end }}
{{- if $facts.migrates }}
{{- $_ := set $settings "DATABASE__MIGRATE" "false" }}
{{- end }}
{{- if $facts.originals }}
{{- $_ := set $settings "ORIGINALS" $values.ingest.originals }}
{{- end }}
{{- if $facts.launches }}
{{- $worker := include "einthoven.name" (dict "root" $root "component" "worker") }}
{{- $_ := merge $settings (dict "LAUNCHER" "kubernetes" "KUBERNETES__JOB_TEMPLATE_FILE" "/etc/einthoven/worker/job.yaml" "KUBERNETES__SUBDOMAIN" $worker "KUBERNETES__GPU_RESOURCE" $values.worker.gpuResource) }}
{{- end }}
{{- range $peer := $facts.calls }}
{{- $address := printf "dns:///%s:%s" (include "einthoven.name" (dict "root" $root "component" $peer)) (include "einthoven.rpcPort" $) }}
{{- $_ := set $settings (printf "%s%s_ADDRESS" (default "" $facts.peerPrefix) ($peer | upper | replace "-" "_")) $address }}
{{- end }}
{{- range $key, $value := merge (deepCopy (get $values $facts.values).settings) $settings }}
{{ $key }}: {{ $value | toString | quote }}
{{- end }}
{{- end }}

{{- define "einthoven.settings.identity" }}{{ end }}

{{- define "einthoven.settings.database" -}}
{{- if and .Values.database.caSecret (not .Values.bundled.postgres.enabled) -}}
DATABASE__CA_FILE: /etc/einthoven/database-ca/ca.crt
{{- end }}
{{- end }}

{{- define "einthoven.settings.storage" -}}
{{- $storage := .Values.storage -}}
STORAGE__KIND: s3
{{- if .Values.bundled.s3.enabled }}
STORAGE__ENDPOINT: {{ printf "%s:9000" (include "einthoven.name" (dict "root" . "component" "s3")) }}
STORAGE__SECURE: "false"
{{- else }}
STORAGE__ENDPOINT: {{ required "storage.endpoint: the host and port of your S3 store, or bundled.s3.enabled for an evaluation." $storage.endpoint }}
STORAGE__SECURE: {{ $storage.secure | quote }}
{{- if $storage.caSecret }}
STORAGE__CA_FILE: /etc/einthoven/storage-ca/ca.crt
{{- end }}
{{- with $storage.proxyUrl }}
STORAGE__PROXY_URL: {{ . | quote }}
{{- end }}
{{- end }}
STORAGE__BUCKET: {{ $storage.bucket | quote }}
STORAGE__REGION: {{ $storage.region | quote }}
{{- end }}

{{- define "einthoven.settings.bus" -}}
BUS__KIND: nats
{{- if not .Values.bundled.nats.enabled }}
BUS__URL: {{ required "nats.url: where your NATS answers, e.g. nats://nats:4222, or bundled.nats.enabled for an evaluation." .Values.nats.url | quote }}
BUS__REPLICAS: {{ .Values.nats.replicas | quote }}
{{- if .Values.nats.credentialsSecret }}
BUS__CREDENTIALS_FILE: /etc/einthoven/nats-credentials/nats.creds
{{- end }}
{{- if .Values.nats.caSecret }}
BUS__CA_FILE: /etc/einthoven/nats-ca/ca.crt
{{- end }}
{{- end }}
{{- end }}

{{- define "einthoven.settings.grpc" -}}
RPC__HOST: "0.0.0.0"
RPC__PORT: {{ include "einthoven.rpcPort" . | quote }}
RPC__DRAIN_SECONDS: {{ .root.Values.shutdown.drainSeconds | quote }}
RPC__LEAVE_SECONDS: {{ .root.Values.shutdown.leaveSeconds | quote }}
{{- end }}

{{- define "einthoven.settings.http" -}}
HOST: "0.0.0.0"
PORT: {{ include "einthoven.httpPort" . | quote }}
AUTHENTICATION: api_keys
DRAIN_SECONDS: {{ .root.Values.shutdown.drainSeconds | quote }}
LEAVE_SECONDS: {{ .root.Values.shutdown.leaveSeconds | quote }}
{{- end }}

{{- define "einthoven.settings.dicom" -}}
{{- $values := .root.Values.dicomReceiver -}}
HOST: "0.0.0.0"
PORT: {{ include "einthoven.dicomPort" . | quote }}
AE_TITLE: {{ $values.aeTitle | quote }}
DEPARTMENTS: {{ $values.senders | toJson | quote }}
DATASET: {{ $values.dataset | quote }}
LIMITS__ASSOCIATIONS: {{ $values.associations | quote }}
LIMITS__MAX_OBJECT_BYTES: {{ mul $values.maxObjectMiB 1048576 | quote }}
DRAIN_SECONDS: {{ .root.Values.shutdown.drainSeconds | quote }}
{{- if $values.tls.secret }}
TLS__CERTIFICATE_FILE: /etc/einthoven/dicom-certificate/tls.crt
TLS__KEY_FILE: /etc/einthoven/dicom-certificate/tls.key
{{- end }}
{{- if $values.tls.clientCaSecret }}
TLS__CLIENT_CA_FILE: /etc/einthoven/dicom-senders-ca/ca.crt
{{- end }}
{{- end }}

{{/* How long a pod may take to go: out of the way, calls finished, resources closed. */}}
{{- define "einthoven.graceSeconds" -}}
{{- $settings := include "einthoven.settings" . | fromYaml -}}
{{- $prefix := ternary "" "RPC__" (hasKey $settings "HOST") -}}
{{- $leave := default .root.Values.shutdown.leaveSeconds (get $settings (printf "%sLEAVE_SECONDS" $prefix)) -}}
{{- add 15 (ceil (float64 $leave)) (ceil (float64 (get $settings (printf "%sDRAIN_SECONDS" $prefix)))) }}
{{- end }}

{{- define "einthoven.configmap" -}}
{{- $prefix := include "einthoven.prefix" . -}}
apiVersion: v1
kind: ConfigMap
metadata: {{- include "einthoven.metadata" . | nindent 2 }}
data:
  {{- range $key, $value := include "einthoven.settings" . | fromYaml }}
  {{ $prefix }}{{ $key }}: {{ $value | quote }}
  {{- end }}
{{- end }}
