{{/* The metadata of what `helm test` needs, gone afterwards. Arguments: root, component, and weight, which orders the hooks. */}}
{{- define "einthoven.test.metadata" -}}
{{- include "einthoven.metadata" . }}
annotations:
  helm.sh/hook: test
  helm.sh/hook-weight: {{ .weight | quote }}
  helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}
