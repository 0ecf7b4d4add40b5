{{/* What keeps a pod within Pod Security "restricted", and a container away from its root filesystem. */}}
{{- define "einthoven.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "einthoven.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* The certificates and credentials that a component reads as files: folder and Secret. */}}
{{- define "einthoven.secretFiles" -}}
{{- $facts := include "einthoven.facts" . | fromYaml -}}
{{- $values := .root.Values -}}
{{- if and (has "storage" $facts.uses) $values.storage.caSecret (not $values.bundled.s3.enabled) }}
storage-ca: {{ $values.storage.caSecret }}
{{- end }}
{{- if and (has "bus" $facts.uses) $values.nats.credentialsSecret (not $values.bundled.nats.enabled) }}
nats-credentials: {{ $values.nats.credentialsSecret }}
{{- end }}
{{- if and (has "bus" $facts.uses) $values.nats.caSecret (not $values.bundled.nats.enabled) }}
nats-ca: {{ $values.nats.caSecret }}
{{- end }}
{{- if and (has "database" $facts.uses) $values.database.caSecret (not $values.bundled.postgres.enabled) }}
database-ca: {{ $values.database.caSecret }}
{{- end }}
{{- if eq $facts.serves "dicom" }}
{{- with $values.dicomReceiver.tls.secret }}
dicom-certificate: {{ . }}
{{- end }}
{{- with $values.dicomReceiver.tls.clientCaSecret }}
dicom-senders-ca: {{ . }}
{{- end }}
{{- end }}
{{- end }}

{{- define "einthoven.volumeMounts" -}}
- name: tmp
  mountPath: /tmp
{{- range $folder, $_ := include "einthoven.secretFiles" . | fromYaml }}
- name: {{ $folder }}
  mountPath: /etc/einthoven/{{ $folder }}
  readOnly: true
{{- end }}
{{- if (include "einthoven.facts" . | fromYaml).launches }}
- name: worker
  mountPath: /etc/einthoven/worker
  readOnly: true
{{- end }}
{{- end }}

{{- define "einthoven.volumes" -}}
{{- $facts := include "einthoven.facts" . | fromYaml -}}
- name: tmp
  emptyDir:
    sizeLimit: {{ (get .root.Values $facts.values).temporary }}
{{- range $folder, $secret := include "einthoven.secretFiles" . | fromYaml }}
- name: {{ $folder }}
  secret:
    secretName: {{ $secret }}
{{- end }}
{{- if $facts.launches }}
- name: worker
  configMap:
    name: {{ include "einthoven.name" (dict "root" .root "component" "worker") }}
{{- end }}
{{- end }}

{{/* Where a pod may run, as its values say. The argument is a dict of root, component and, where it has one, kind of priority. */}}
{{- define "einthoven.placement" -}}
{{- $values := get .root.Values (include "einthoven.facts" . | fromYaml).values -}}
{{- if .kind }}
{{- with include "einthoven.priorityClass" . }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}
{{- with $values.runtimeClassName }}
runtimeClassName: {{ . }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Evenly over nodes and zones where that is possible; the pods of one version are counted, not those that are leaving. */}}
{{- define "einthoven.spread" -}}
{{- $context := . -}}
{{- range $key := list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
- maxSkew: 1
  topologyKey: {{ $key }}
  whenUnsatisfiable: ScheduleAnyway
  matchLabelKeys: [pod-template-hash]
  labelSelector:
    matchLabels: {{- include "einthoven.selector" $context | nindent 6 }}
{{- end }}
{{- end }}
