{{/* Every name is spelled here and nowhere else. The argument is a dict of root and component. */}}
{{- define "einthoven.release" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- define "einthoven.name" -}}
{{- printf "%s-%s" (include "einthoven.release" .root) .component }}
{{- end }}

{{- define "einthoven.image" -}}
{{- $image := .root.Values.image -}}
{{- $facts := include "einthoven.facts" . | fromYaml -}}
{{- $own := dig (get $facts "values" | default "") "image" "" (.root.Values | toYaml | fromYaml) -}}
{{- if and $facts.imageOf (not $own) -}}
{{- include "einthoven.image" (dict "root" .root "component" $facts.imageOf) }}
{{- else -}}
{{- default (printf "%s/einthoven-%s:%s" $image.registry .component (default .root.Chart.AppVersion $image.tag)) $own }}
{{- end }}
{{- end }}

{{- define "einthoven.pullSecrets" -}}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{- define "einthoven.secretName" -}}
{{- default (include "einthoven.release" .) .Values.secret.existing }}
{{- end }}

{{/* EINTHOVEN_SIGNAL_ANALYSIS_ for signal-analysis. */}}
{{- define "einthoven.prefix" -}}
{{- printf "EINTHOVEN_%s_" (.component | upper | replace "-" "_") }}
{{- end }}

{{/* Priority classes belong to the whole cluster, so the ones made here carry the namespace. */}}
{{- define "einthoven.priorityClass" -}}
{{- $classes := .root.Values.priorityClasses -}}
{{- if $classes.create -}}
{{- printf "%s-%s-%s" .root.Release.Namespace (include "einthoven.release" .root) .kind }}
{{- else -}}
{{- get $classes .kind }}
{{- end }}
{{- end }}

{{- define "einthoven.selector" -}}
app.kubernetes.io/name: einthoven
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "einthoven.labels" -}}
{{ include "einthoven.selector" . }}
app.kubernetes.io/part-of: einthoven
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{/* What every object begins with. */}}
{{- define "einthoven.metadata" -}}
name: {{ include "einthoven.name" . }}
namespace: {{ .root.Release.Namespace }}
labels: {{- include "einthoven.labels" . | nindent 2 }}
{{- end }}
