{{/* Whether objects of the Prometheus operator are made: where the cluster has their API, or where one insists. */}}
{{- define "einthoven.monitored" -}}
{{- if or (eq .Values.monitoring.when "always") (.Capabilities.APIVersions.Has "monitoring.coreos.com/v1") }}true{{ end }}
{{- end }}

{{/* The alerts of alerts/rules.yaml in this release's namespace, without those that a site leaves out. */}}
{{- define "einthoven.alertGroups" -}}
{{- $rules := .Values.monitoring.rules -}}
{{- $text := .Files.Get "alerts/rules.yaml" | replace "namespace=\"einthoven\"" (printf "namespace=%q" .Release.Namespace) -}}
{{- if $rules.runbooks }}
{{- $text = $text | replace "runbook_url: docs/runbooks" (printf "runbook_url: %s" (trimSuffix "/" $rules.runbooks)) }}
{{- end }}
{{- range ($text | fromYaml).groups }}
{{- $kept := list }}
{{- range .rules }}
{{- if not (has .alert $rules.disabled) }}
{{- $kept = append $kept (mergeOverwrite . (dict "labels" (merge .labels $rules.alertLabels))) }}
{{- end }}
{{- end }}
{{- if $kept }}
- name: {{ .name }}
  rules: {{- toYaml $kept | nindent 4 }}
{{- end }}
{{- end }}
{{- end }}
