{{/* One deployment. Its pods carry no label and no annotation that changes without their content: they would be replaced for nothing. */}}
{{- define "einthoven.deployment" -}}
{{- $facts := include "einthoven.facts" . | fromYaml -}}
{{- $values := get .root.Values $facts.values -}}
apiVersion: apps/v1
kind: Deployment
metadata: {{- include "einthoven.metadata" . | nindent 2 }}
spec:
  {{- if not $values.autoscaling.enabled }}
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
          securityContext: {{- include "einthoven.containerSecurity" . | nindent 12 }}
          envFrom:
            - configMapRef:
                name: {{ include "einthoven.name" . }}
          env: {{- include "einthoven.environment" . | nindent 12 }}
          ports: {{- include "einthoven.ports" . | nindent 12 }}
          {{- include "einthoven.probes" . | nindent 10 }}
          resources: {{- toYaml $values.resources | nindent 12 }}
          volumeMounts: {{- include "einthoven.volumeMounts" . | nindent 12 }}
      volumes: {{- include "einthoven.volumes" . | nindent 8 }}
      topologySpreadConstraints: {{- include "einthoven.spread" . | nindent 8 }}
      {{- include "einthoven.placement" (dict "root" .root "component" .component "kind" "serving") | nindent 6 }}
{{- end }}

{{- define "einthoven.ports" -}}
{{- $facts := include "einthoven.facts" . | fromYaml -}}
- name: {{ $facts.serves }}
  containerPort: {{ include (ternary "einthoven.rpcPort" "einthoven.httpPort" (eq $facts.serves "grpc")) . }}
- name: metrics
  containerPort: {{ include "einthoven.metricsPort" . }}
{{- end }}

{{/* Readiness counts what the component stands on; liveness does not, or one lost dependency would restart everything. */}}
{{- define "einthoven.probes" -}}
{{- $alive := ternary (dict "tcpSocket" (dict "port" "grpc")) (dict "httpGet" (dict "path" "/healthz" "port" "http")) (eq (include "einthoven.facts" . | fromYaml).serves "grpc") -}}
{{- $ready := ternary (dict "grpc" (dict "port" (include "einthoven.rpcPort" . | int))) (dict "httpGet" (dict "path" "/readyz/gateway" "port" "http")) (eq (include "einthoven.facts" . | fromYaml).serves "grpc") -}}
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
