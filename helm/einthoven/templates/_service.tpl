{{/* Services with gRPC are headless: a client sees every pod and spreads its calls, where a virtual address would pin it to one. */}}
{{- define "einthoven.service" -}}
{{- $facts := include "einthoven.facts" . | fromYaml -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "einthoven.name" . }}
  labels: {{- include "einthoven.labels" . | nindent 4 }}
spec:
  {{- if has "rpc" $facts.uses }}
  clusterIP: None
  {{- end }}
  selector: {{- include "einthoven.selector" . | nindent 4 }}
  ports:
    {{- if has "rpc" $facts.uses }}
    - name: grpc
      port: {{ include "einthoven.rpcPort" . }}
      targetPort: grpc
      appProtocol: kubernetes.io/h2c
    {{- else }}
    - name: http
      port: 80
      targetPort: http
    {{- end }}
    - name: metrics
      port: {{ include "einthoven.metricsPort" . }}
      targetPort: metrics
{{- end }}

{{- define "einthoven.serviceaccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "einthoven.name" . }}
  labels: {{- include "einthoven.labels" . | nindent 4 }}
automountServiceAccountToken: false
{{- end }}

{{- define "einthoven.pdb" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "einthoven.name" . }}
  labels: {{- include "einthoven.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels: {{- include "einthoven.selector" . | nindent 6 }}
{{- end }}
