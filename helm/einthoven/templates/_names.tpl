{{/* Every name is spelled here and nowhere else. The argument is a dict of root and component. */}}
{{- define "einthoven.release" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- define "einthoven.name" -}}
{{- printf "%s-%s" (include "einthoven.release" .root) .component }}
{{- end }}

{{- define "einthoven.image" -}}
{{- $image := .root.Values.image -}}
{{- printf "%s/einthoven-%s:%s" $image.registry .component (default .root.Chart.AppVersion $image.tag) }}
{{- end }}

{{- define "einthoven.secretName" -}}
{{- default (include "einthoven.release" .) .Values.secret.existing }}
{{- end }}

{{/* EINTHOVEN_SIGNAL_ANALYSIS_ for signal-analysis. */}}
{{- define "einthoven.prefix" -}}
{{- printf "EINTHOVEN_%s_" (.component | upper | replace "-" "_") }}
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
