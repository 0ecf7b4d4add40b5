{{/* One deployment. Its pods carry no label and no annotation that changes without their content: they would be replaced for nothing. */}}
{{- define "einthoven.deployment" -}}
{{- $facts := include "einthoven.facts" . | fromYaml -}}
{{- $values := get .root.Values $facts.values -}}
apiVersion: apps/v1
kind: Deployment
metadata: {{- include "einthoven.metadata" . | nindent 2 }}
spec:
  {{- if not (and $values.autoscaling $values.autoscaling.enabled) }}
  replicas: {{ $values.replicas }}
  {{- end }}
  revisionHistoryLimit: 3
  selector:
    matchLabels: {{- include "einthoven.selector" . | nindent 6 }}
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxSurge: 1
      maxUnavailable: 0
  template:
    metadata:
      labels: {{- include "einthoven.selector" . | nindent 8 }}
      annotations:
        checksum/settings: {{ include "einthoven.settings" . | sha256sum }}
        checksum/secrets: {{ include "einthoven.secretChecksum" . }}
        {{- with $values.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      serviceAccountName: {{ include "einthoven.name" . }}
      automountServiceAccountToken: {{ $facts.launches | default false }}
      enableServiceLinks: false
      terminationGracePeriodSeconds: {{ include "einthoven.graceSeconds" . }}
      securityContext: {{- include "einthoven.podSecurity" . | nindent 8 }}
      {{- include "einthoven.pullSecrets" . | nindent 6 }}
      containers:
        - name: {{ .component }}
          image: {{ include "einthoven.image" . }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          {{- with $facts.command }}
          command: {{- toYaml . | nindent 12 }}
          {{- end }}
          securityContext: {{- include "einthoven.containerSecurity" . | nindent 12 }}
          envFrom:
            - configMapRef:
                name: {{ include "einthoven.name" . }}
          env: {{- include "einthoven.environment" . | nindent 12 }}
          ports: {{- include "einthoven.ports" . | nindent 12 }}
          {{- include "einthoven.probes" . | nindent 10 }}
          {{- if eq $facts.serves "dicom" }}
          {{- include "einthoven.lifecycle" . | nindent 10 }}
          {{- end }}
          resources: {{- toYaml $values.resources | nindent 12 }}
          volumeMounts: {{- include "einthoven.volumeMounts" . | nindent 12 }}
      volumes: {{- include "einthoven.volumes" . | nindent 8 }}
      topologySpreadConstraints: {{- include "einthoven.spread" . | nindent 8 }}
      {{- include "einthoven.placement" (dict "root" .root "component" .component "kind" "serving") | nindent 6 }}
{{- end }}

{{- define "einthoven.ports" -}}
{{- $facts := include "einthoven.facts" . | fromYaml -}}
- name: {{ $facts.serves }}
  containerPort: {{ include (get (dict "grpc" "einthoven.rpcPort" "http" "einthoven.httpPort" "dicom" "einthoven.dicomPort") $facts.serves) . }}
- name: metrics
  containerPort: {{ include "einthoven.metricsPort" . }}
{{- end }}

{{/*
Readiness counts what the component stands on; liveness does not, or one lost dependency would restart everything. A DICOM
sender is told in words that ingest is away, which it would not be by a port that nobody answers: that counts as ready.
*/}}
{{- define "einthoven.probes" -}}
{{- $serves := (include "einthoven.facts" . | fromYaml).serves -}}
{{- $open := dict "tcpSocket" (dict "port" $serves) -}}
{{- $alive := ternary (dict "httpGet" (dict "path" "/healthz" "port" "http")) $open (eq $serves "http") -}}
{{- $ready := get (dict "grpc" (dict "grpc" (dict "port" (include "einthoven.rpcPort" . | int))) "http" (dict "httpGet" (dict "path" "/readyz/gateway" "port" "http")) "dicom" $open) $serves -}}
startupProbe:
  {{- toYaml $alive | nindent 2 }}
  periodSeconds: 1
  timeoutSeconds: 3
  failureThreshold: 120
livenessProbe:
  {{- toYaml $alive | nindent 2 }}
  periodSeconds: 20
  timeoutSeconds: 5
  failureThreshold: 3
readinessProbe:
  {{- toYaml $ready | nindent 2 }}
  periodSeconds: 3
  timeoutSeconds: 3
  failureThreshold: 2
{{- end }}

{{/* DICOM has no word for leaving: the port stays open until every node has heard that the pod goes. */}}
{{- define "einthoven.lifecycle" -}}
lifecycle:
  preStop:
    exec:
      command: [python, -c, "import time; time.sleep({{ .root.Values.shutdown.leaveSeconds }})"]
{{- end }}
