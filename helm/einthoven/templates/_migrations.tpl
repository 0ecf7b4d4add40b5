{{/*
Whether the migrations run before everything else, as a hook: where the database is there already. A bundled PostgreSQL is
not there before the first installation, so then they are an ordinary Job beside it, whose name carries the revision.
*/}}
{{- define "einthoven.migrations.hooked" -}}
{{- if not (and .Values.bundled.postgres.enabled .Release.IsInstall) }}yes{{ end }}
{{- end }}

{{/* The metadata of what the migrations need. Arguments: root, component, and weight, which orders the hooks. */}}
{{- define "einthoven.migrations.metadata" -}}
{{- $hooked := include "einthoven.migrations.hooked" .root -}}
name: {{ include "einthoven.name" . }}{{ if not $hooked }}-{{ .root.Release.Revision }}{{ end }}
namespace: {{ .root.Release.Namespace }}
labels: {{- include "einthoven.labels" . | nindent 2 }}
{{- if $hooked }}
annotations:
  helm.sh/hook: pre-install,pre-upgrade
  helm.sh/hook-weight: {{ .weight | quote }}
  helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}
{{- end }}

{{/* The hook runs before the Secret of this release is made or changed, so it has the database's URL in one of its own. */}}
{{- define "einthoven.migrations.ownSecret" -}}
{{- if and (include "einthoven.migrations.hooked" .) (not .Values.bundled.postgres.enabled) .Values.secret.databaseUrl (not .Values.secret.existing) }}yes{{ end }}
{{- end }}

{{- define "einthoven.migrations.container" -}}
- name: {{ .component }}
  image: {{ include "einthoven.image" . }}
  imagePullPolicy: {{ .root.Values.image.pullPolicy }}
  args: [migrate]
  securityContext: {{- include "einthoven.containerSecurity" . | nindent 4 }}
  env:
    {{- $migrations := dict "root" .root "component" "migrations" "prefix" (include "einthoven.prefix" .) }}
    {{- if include "einthoven.migrations.ownSecret" .root }}
    {{- $_ := set $migrations "secret" (include "einthoven.name" $migrations) }}
    {{- end }}
    {{- include "einthoven.secretSettings" $migrations | nindent 4 }}
    {{- range $key, $value := include "einthoven.settings.database" .root | fromYaml }}
    - name: {{ $migrations.prefix }}{{ $key }}
      value: {{ $value }}
    {{- end }}
    {{- include "einthoven.libraryEnvironment" $migrations | nindent 4 }}
  resources: {{- toYaml .root.Values.migrations.resources | nindent 4 }}
  volumeMounts: {{- include "einthoven.volumeMounts" $migrations | nindent 4 }}
{{- end }}
