{{/* One deployment; the gateway is told apart by having no gRPC port. */}}
{{- define "einthoven.deployment" -}}
{{- $facts := include "einthoven.facts" . | fromYaml -}}
{{- $values := get .root.Values $facts.values -}}
{{- $config := include "einthoven.settings" . -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "einthoven.name" . }}
  labels: {{- include "einthoven.labels" . | nindent 4 }}
spec:
  replicas: {{ $values.replicas }}
  selector:
    matchLabels: {{- include "einthoven.selector" . | nindent 6 }}
  template:
    metadata:
      labels: {{- include "einthoven.labels" . | nindent 8 }}
      annotations:
        checksum/config: {{ $config | sha256sum }}
        checksum/secret: {{ pick .root.Values "secret" | toJson | sha256sum }}
        {{- with $values.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      serviceAccountName: {{ include "einthoven.name" . }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: 40
      securityContext:
        runAsNonRoot: true
        runAsUser: 10001
        runAsGroup: 10001
        fsGroup: 10001
        seccompProfile:
          type: RuntimeDefault
      {{- with .root.Values.image.pullSecrets }}
      imagePullSecrets:
        {{- range . }}
        - name: {{ . }}
        {{- end }}
      {{- end }}
      containers:
        - name: {{ .component }}
          image: {{ include "einthoven.image" . }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities:
              drop: [ALL]
          envFrom:
            - configMapRef:
                name: {{ include "einthoven.name" . }}
          env: {{- include "einthoven.secretSettings" . | nindent 12 }}
          ports: {{- include "einthoven.ports" . | nindent 12 }}
          {{- include "einthoven.probes" . | nindent 10 }}
          resources: {{- toYaml $values.resources | nindent 12 }}
          volumeMounts: {{- include "einthoven.volumeMounts" . | nindent 12 }}
      volumes: {{- include "einthoven.volumes" . | nindent 8 }}
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels: {{- include "einthoven.selector" . | nindent 14 }}
      {{- with $values.nodeSelector }}
      nodeSelector: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.tolerations }}
      tolerations: {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end }}

{{/* The settings of one component that are secrets. */}}
{{- define "einthoven.secretSettings" -}}
{{- $facts := include "einthoven.facts" . | fromYaml -}}
{{- $prefix := include "einthoven.prefix" . -}}
{{- $name := include "einthoven.secretName" .root -}}
{{- $keys := dict "IDENTITY__SECRET" "identity-secret" -}}
{{- if has "storage" $facts.uses }}
{{- $_ := merge $keys (dict "STORAGE__ACCESS_KEY" "storage-access-key" "STORAGE__SECRET_KEY" "storage-secret-key") }}
{{- end }}
{{- if has "database" $facts.uses }}
{{- $_ := set $keys "DATABASE__URL" "database-url" }}
{{- end }}
{{- if not (has "rpc" $facts.uses) }}
{{- $_ := set $keys "BOOTSTRAP_KEY" "bootstrap-key" }}
{{- end }}
{{- range $setting, $key := $keys }}
- name: {{ $prefix }}{{ $setting }}
  valueFrom:
    secretKeyRef:
      name: {{ $name }}
      key: {{ $key }}
      {{- if eq $key "bootstrap-key" }}
      optional: true
      {{- end }}
{{- end }}
{{- end }}

{{- define "einthoven.ports" -}}
{{- $facts := include "einthoven.facts" . | fromYaml -}}
{{- if has "rpc" $facts.uses }}
- name: grpc
  containerPort: {{ include "einthoven.rpcPort" . }}
{{- else }}
- name: http
  containerPort: {{ include "einthoven.httpPort" . }}
{{- end }}
- name: metrics
  containerPort: {{ include "einthoven.metricsPort" . }}
{{- end }}

{{/* Readiness counts what the component stands on; liveness does not, or one lost dependency would restart everything. */}}
{{- define "einthoven.probes" -}}
{{- $facts := include "einthoven.facts" . | fromYaml -}}
{{- if has "rpc" $facts.uses }}
startupProbe:
  tcpSocket: {port: grpc}
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  tcpSocket: {port: grpc}
  periodSeconds: 20
  timeoutSeconds: 5
readinessProbe:
  grpc: {port: {{ include "einthoven.rpcPort" . }}}
  periodSeconds: 5
  timeoutSeconds: 3
{{- else }}
startupProbe:
  httpGet: {path: /healthz, port: http}
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /healthz, port: http}
  periodSeconds: 20
  timeoutSeconds: 5
readinessProbe:
  httpGet: {path: /readyz, port: http}
  periodSeconds: 5
  timeoutSeconds: 3
{{- end }}
{{- end }}

{{- define "einthoven.volumeMounts" -}}
{{- $facts := include "einthoven.facts" . | fromYaml -}}
- name: tmp
  mountPath: /tmp
{{- if and (has "storage" $facts.uses) .root.Values.storage.caSecret }}
- name: storage-ca
  mountPath: /etc/einthoven/storage-ca
  readOnly: true
{{- end }}
{{- if and (has "bus" $facts.uses) .root.Values.nats.credentialsSecret }}
- name: nats-credentials
  mountPath: /etc/einthoven/nats-credentials
  readOnly: true
{{- end }}
{{- if and (has "bus" $facts.uses) .root.Values.nats.caSecret }}
- name: nats-ca
  mountPath: /etc/einthoven/nats-ca
  readOnly: true
{{- end }}
{{- end }}

{{- define "einthoven.volumes" -}}
{{- $facts := include "einthoven.facts" . | fromYaml -}}
- name: tmp
  emptyDir:
    sizeLimit: {{ (get .root.Values $facts.values).temporary }}
{{- if and (has "storage" $facts.uses) .root.Values.storage.caSecret }}
- name: storage-ca
  secret:
    secretName: {{ .root.Values.storage.caSecret }}
{{- end }}
{{- if and (has "bus" $facts.uses) .root.Values.nats.credentialsSecret }}
- name: nats-credentials
  secret:
    secretName: {{ .root.Values.nats.credentialsSecret }}
{{- end }}
{{- if and (has "bus" $facts.uses) .root.Values.nats.caSecret }}
- name: nats-ca
  secret:
    secretName: {{ .root.Values.nats.caSecret }}
{{- end }}
{{- end }}
