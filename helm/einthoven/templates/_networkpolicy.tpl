{{/* In: only who calls this component. Out: names, the components it calls, and what the platform stands on. */}}
{{- define "einthoven.networkpolicy" -}}
{{- $policy := .root.Values.networkPolicy -}}
{{- if $policy.enabled -}}
{{- $facts := include "einthoven.facts" . | fromYaml -}}
{{- $root := .root -}}
{{- $component := .component -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "einthoven.name" . }}
  labels: {{- include "einthoven.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels: {{- include "einthoven.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress:
    {{- if has "rpc" $facts.uses }}
    - ports:
        - {port: grpc, protocol: TCP}
      from:
        {{- range $caller, $its := include "einthoven.components" . | fromYaml }}
        {{- if has $component $its.calls }}
        - podSelector:
            matchLabels: {{- include "einthoven.selector" (dict "root" $root "component" $caller) | nindent 14 }}
        {{- end }}
        {{- end }}
    {{- else }}
    - ports:
        - {port: http, protocol: TCP}
      {{- with $policy.gatewayFrom }}
      from: {{- toYaml . | nindent 8 }}
      {{- end }}
    {{- end }}
    - ports:
        - {port: metrics, protocol: TCP}
      from:
        {{- if $policy.metricsFrom }}
        {{- toYaml $policy.metricsFrom | nindent 8 }}
        {{- else }}
        - podSelector: {}
        {{- end }}
  egress:
    - ports:
        - {port: 53, protocol: UDP}
        - {port: 53, protocol: TCP}
    {{- range $peer := $facts.calls }}
    - ports:
        - {port: grpc, protocol: TCP}
      to:
        - podSelector:
            matchLabels: {{- include "einthoven.selector" (dict "root" $root "component" $peer) | nindent 14 }}
    {{- end }}
    {{- if $policy.dependencyPorts }}
    - ports:
        {{- range $policy.dependencyPorts }}
        - {port: {{ . }}, protocol: TCP}
        {{- end }}
      {{- with $policy.dependencyCidrs }}
      to:
        {{- range . }}
        - ipBlock: {cidr: {{ . | quote }}}
        {{- end }}
      {{- end }}
    {{- end }}
{{- end }}
{{- end }}
