{{/*
Nothing but the arrows of docs/architecture.md: in, only who calls this component; out, names, the components it calls, and
the servers it stands on. Ports are those that the pods behind a service listen on, for that is what a policy sees.
*/}}
{{- define "einthoven.networkpolicy" -}}
{{- $policy := .root.Values.networkPolicy -}}
{{- if $policy.enabled -}}
{{- $facts := include "einthoven.facts" . | fromYaml -}}
{{- $root := .root -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{- include "einthoven.metadata" . | nindent 2 }}
spec:
  podSelector:
    matchLabels: {{- include "einthoven.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress: {{- include (printf "einthoven.from.%s" $facts.serves) . | nindent 4 }}
    {{- if and (ne $facts.serves "nothing") $policy.metricsFrom }}
    - ports:
        - {port: {{ include "einthoven.metricsPort" . }}, protocol: TCP}
      from: {{- toYaml $policy.metricsFrom | nindent 8 }}
    {{- end }}
  egress:
    {{- include "einthoven.to.names" . | nindent 4 }}
    {{- range $peer := $facts.calls }}
    - ports:
        - {port: {{ include "einthoven.rpcPort" $ }}, protocol: TCP}
      to:
        - podSelector:
            matchLabels: {{- include "einthoven.selector" (dict "root" $root "component" $peer) | nindent 14 }}
    {{- end }}
    {{- range $use := without $facts.uses "identity" }}
    {{- include "einthoven.to.dependency" (dict "root" $root "dependency" $use) | nindent 4 }}
    {{- end }}
    {{- if and $root.Values.telemetry.otlpEndpoint (ne .component "migrations") }}
    {{- include "einthoven.to.dependency" (dict "root" $root "dependency" "telemetry") | nindent 4 }}
    {{- end }}
    {{- if $facts.launches }}
    - ports: {{- include "einthoven.portList" $policy.apiServer.ports | nindent 8 }}
      {{- with $policy.apiServer.cidrs }}
      to:
        {{- range . }}
        - ipBlock: {cidr: {{ . | quote }}}
        {{- end }}
      {{- end }}
    {{- end }}
    {{- if eq .component "worker" }}
    - to:
        - podSelector:
            matchLabels: {{- include "einthoven.selector" . | nindent 14 }}
    {{- end }}
{{- end }}
{{- end }}

{{- define "einthoven.from.grpc" -}}
{{- $root := .root -}}
{{- $component := .component -}}
- ports:
    - {port: {{ include "einthoven.rpcPort" . }}, protocol: TCP}
  from:
    {{- range $caller, $its := include "einthoven.components" . | fromYaml }}
    {{- if and (has $component $its.calls) (not $its.absent) }}
    - podSelector:
        matchLabels: {{- include "einthoven.selector" (dict "root" $root "component" $caller) | nindent 10 }}
    {{- end }}
    {{- end }}
{{- end }}

{{- define "einthoven.from.http" -}}
- ports:
    - {port: {{ include "einthoven.httpPort" . }}, protocol: TCP}
  {{- with .root.Values.networkPolicy.gatewayFrom }}
  from: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{- define "einthoven.from.dicom" -}}
- ports:
    - {port: {{ include "einthoven.dicomPort" . }}, protocol: TCP}
  from: {{- toYaml .root.Values.networkPolicy.dicomFrom | nindent 4 }}
{{- end }}

{{/* Workers of one training find each other on ports that they agree on at its start; nobody else reaches a worker. */}}
{{- define "einthoven.from.nothing" -}}
{{- if eq .component "worker" -}}
- from:
    - podSelector:
        matchLabels: {{- include "einthoven.selector" . | nindent 10 }}
{{- else -}}
[]
{{- end }}
{{- end }}

{{- define "einthoven.to.names" -}}
{{- $policy := .root.Values.networkPolicy -}}
- ports:
    {{- range $policy.dns.ports }}
    - {port: {{ . }}, protocol: UDP}
    - {port: {{ . }}, protocol: TCP}
    {{- end }}
  {{- with $policy.dns.to }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* The argument is a dict of root and dependency: storage, bus, database or telemetry. */}}
{{- define "einthoven.to.dependency" -}}
{{- $root := .root -}}
{{- $dependency := .dependency -}}
{{- $brought := "" -}}
{{- $port := 0 -}}
{{- range $name, $bundle := include "einthoven.bundles" . | fromYaml }}
{{- if and (eq $bundle.dependency $dependency) (get $root.Values.bundled $name).enabled }}
{{- $brought = $name }}
{{- $port = $bundle.port }}
{{- end }}
{{- end }}
{{- if $brought -}}
- ports:
    - {port: {{ $port }}, protocol: TCP}
  to:
    - podSelector:
        matchLabels: {{- include "einthoven.selector" (dict "root" $root "component" $brought) | nindent 10 }}
{{- else -}}
{{- $place := get $root.Values.networkPolicy $dependency -}}
- ports: {{- default (include "einthoven.portsOf" . | fromYamlArray) $place.ports | include "einthoven.portList" | nindent 4 }}
  {{- with $place.to }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}

{{- define "einthoven.portList" -}}
{{- range . }}
- {port: {{ . | int }}, protocol: TCP}
{{- end }}
{{- end }}

{{/* The ports that an address names, or else its scheme's. */}}
{{- define "einthoven.portsOf" -}}
{{- $values := .root.Values -}}
{{- $usual := dict "storage" (ternary 443 80 $values.storage.secure) "bus" 4222 "database" 5432 "telemetry" 4317 -}}
{{- $address := get (dict "storage" (default $values.storage.endpoint $values.storage.proxyUrl) "bus" $values.nats.url "database" $values.secret.databaseUrl "telemetry" $values.telemetry.otlpEndpoint) .dependency -}}
{{- $ports := list -}}
{{- range regexFindAll ":[0-9]+([/,?]|$)" $address -1 }}
{{- $ports = append $ports (regexFind "[0-9]+" . | int) }}
{{- end }}
{{- default (list (get $usual .dependency)) $ports | uniq | toYaml }}
{{- end }}
