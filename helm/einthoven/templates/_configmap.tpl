{{/* The settings of one component that are no secret, as its environment. */}}
{{- define "einthoven.settings" -}}
{{- $facts := include "einthoven.facts" . | fromYaml -}}
{{- $values := .root.Values -}}
{{- $settings := dict "TELEMETRY__LOG_LEVEL" $values.telemetry.logLevel "TELEMETRY__METRICS_HOST" "0.0.0.0" "TELEMETRY__METRICS_PORT" (include "einthoven.metricsPort" .) -}}
{{- if $values.telemetry.otlpEndpoint }}
{{- $_ := set $settings "TELEMETRY__OTLP_ENDPOINT" $values.telemetry.otlpEndpoint }}
{{- end }}
{{- if has "storage" $facts.uses }}
{{- $storage := $values.storage }}
{{- $_ := merge $settings (dict "STORAGE__KIND" "s3" "STORAGE__ENDPOINT" (required "storage.endpoint: the host and port of your S3 store." $storage.endpoint) "STORAGE__BUCKET" $storage.bucket "STORAGE__REGION" $storage.region "STORAGE__SECURE" (toString $storage.secure)) }}
{{- if $storage.caSecret }}
{{- $_ := set $settings "STORAGE__CA_FILE" "/etc/einthoven/storage-ca/ca.crt" }}
{{- end }}
{{- end }}
{{- if has "bus" $facts.uses }}
{{- $_ := merge $settings (dict "BUS__KIND" "nats" "BUS__URL" (required "nats.url: where your NATS answers, e.g. nats://nats:4222." $values.nats.url)) }}
{{- if $values.nats.credentialsSecret }}
{{- $_ := set $settings "BUS__CREDENTIALS_FILE" "/etc/einthoven/nats-credentials/nats.creds" }}
{{- end }}
{{- if $values.nats.caSecret }}
{{- $_ := set $settings "BUS__CA_FILE" "/etc/einthoven/nats-ca/ca.crt" }}
{{- end }}
{{- end }}
{{- if has "rpc" $facts.uses }}
{{- $_ := merge $settings (dict "RPC__HOST" "0.0.0.0" "RPC__PORT" (include "einthoven.rpcPort" .)) }}
{{- else }}
{{- $_ := merge $settings (dict "HOST" "0.0.0.0" "PORT" (include "einthoven.httpPort" .) "AUTHENTICATION" "api_keys") }}
{{- end }}
{{- $root := .root }}
{{- range $peer := $facts.calls }}
{{- $address := printf "dns:///%s:%s" (include "einthoven.name" (dict "root" $root "component" $peer)) (include "einthoven.rpcPort" $) }}
{{- $_ := set $settings (printf "%s%s_ADDRESS" (default "" $facts.peerPrefix) ($peer | upper | replace "-" "_")) $address }}
{{- end }}
{{- $prefix := include "einthoven.prefix" . }}
{{- range $key, $value := merge (deepCopy (get $values $facts.values).settings) $settings }}
{{ $prefix }}{{ $key }}: {{ $value | toString | quote }}
{{- end }}
{{- end }}

{{- define "einthoven.configmap" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "einthoven.name" . }}
  labels: {{- include "einthoven.labels" . | nindent 4 }}
data: {{- include "einthoven.settings" . | nindent 2 }}
{{- end }}
