{{/* Which settings of one component are secrets, and under which key of the one Secret they lie. */}}
{{- define "einthoven.secretKeys" -}}
{{- $facts := include "einthoven.facts" . | fromYaml -}}
{{- if has "identity" $facts.uses }}
IDENTITY__SECRET: identity-secret
{{- end }}
{{- if has "storage" $facts.uses }}
STORAGE__ACCESS_KEY: storage-access-key
STORAGE__SECRET_KEY: storage-secret-key
{{- end }}
{{- if has "database" $facts.uses }}
DATABASE__URL: database-url
{{- end }}
{{- if and (has "bus" $facts.uses) .root.Values.bundled.nats.enabled }}
BUS__URL: nats-url
{{- end }}
{{- if eq $facts.serves "http" }}
BOOTSTRAP_KEY: bootstrap-key
{{- end }}
{{- if $facts.originals }}
ORIGINALS_SECRET: originals-secret
ORIGINALS_OLD_SECRETS: originals-old-secrets
{{- end }}
{{- if $facts.pseudonyms }}
PSEUDONYM_SECRET: pseudonym-secret
{{- end }}
{{- end }}

{{/* Those settings as environment entries; `secret` names another Secret, `prefix` another component. */}}
{{- define "einthoven.secretSettings" -}}
{{- $name := default (include "einthoven.secretName" .root) .secret -}}
{{- $prefix := default (include "einthoven.prefix" .) .prefix -}}
{{- range $setting, $key := include "einthoven.secretKeys" . | fromYaml }}
- name: {{ $prefix }}{{ $setting }}
  valueFrom:
    secretKeyRef:
      name: {{ $name }}
      key: {{ $key }}
      {{- if has $key (list "bootstrap-key" "originals-secret" "originals-old-secrets" "pseudonym-secret") }}
      optional: true
      {{- end }}
{{- end }}
{{- end }}

{{/*
What tells that the secrets of a component changed: those that were given, or the ones in the Secret that was named as far
as they can be read. What is generated is left out, for it never changes, and in a rendering without a cluster it would differ each time.
*/}}
{{- define "einthoven.secretChecksum" -}}
{{- $secret := .root.Values.secret -}}
{{- $keys := values (include "einthoven.secretKeys" . | fromYaml) | sortAlpha -}}
{{- $seen := dict "existing" $secret.existing -}}
{{- $found := dict -}}
{{- if $secret.existing }}
{{- $found = get (lookup "v1" "Secret" .root.Release.Namespace $secret.existing | default dict) "data" | default dict -}}
{{- end }}
{{- range $keys }}
{{- $given := ternary (get $found .) (get $secret (. | replace "-" " " | title | nospace | untitle)) (ne $secret.existing "") -}}
{{- $_ := set $seen . $given -}}
{{- end }}
{{- $seen | toJson | sha256sum }}
{{- end }}

{{/* What libraries read of their own: proxies, which nothing inside the cluster goes through. */}}
{{- define "einthoven.libraryEnvironment" -}}
{{- $root := .root -}}
{{- $proxy := .root.Values.proxy }}
{{- if or $proxy.http $proxy.https }}
{{- with $proxy.http }}
- name: HTTP_PROXY
  value: {{ . | quote }}
{{- end }}
{{- with $proxy.https }}
- name: HTTPS_PROXY
  value: {{ . | quote }}
{{- end }}
{{- $inside := list "localhost" "127.0.0.1" "$(KUBERNETES_SERVICE_HOST)" ".svc" (printf ".%s" $proxy.clusterDomain) }}
{{- range concat (keys (include "einthoven.components" . | fromYaml)) (keys (include "einthoven.bundles" . | fromYaml)) | sortAlpha }}
{{- $inside = append $inside (include "einthoven.name" (dict "root" $root "component" .)) }}
{{- end }}
- name: NO_PROXY
  value: {{ concat $inside $proxy.except | join "," | quote }}
{{- end }}
{{- end }}

{{- define "einthoven.environment" -}}
{{- include "einthoven.secretSettings" . }}
{{- include "einthoven.libraryEnvironment" . }}
{{- if (include "einthoven.facts" . | fromYaml).launches }}
- name: {{ include "einthoven.prefix" . }}KUBERNETES__NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
{{- end }}
{{- end }}
