{{/*
Services with gRPC are headless: a client sees every pod and spreads its calls, where a virtual address would pin it to one.
Their names hold pods that are not ready, too: clients ask each pod whether it takes calls, and a name never leads nowhere.
*/}}
{{- define "einthoven.service" -}}
{{- $facts := include "einthoven.facts" . | fromYaml -}}
{{- $service := (get .root.Values $facts.values).service -}}
apiVersion: v1
kind: Service
metadata:
  {{- include "einthoven.metadata" . | nindent 2 }}
  {{- with $service }}
  {{- with .annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
spec:
  {{- if eq $facts.serves "grpc" }}
  clusterIP: None
  publishNotReadyAddresses: true
  {{- else }}
  type: {{ $service.type }}
  {{- end }}
  {{- if eq $facts.serves "dicom" }}
  {{- include "einthoven.service.senders" $service | nindent 2 }}
  {{- end }}
  selector: {{- include "einthoven.selector" . | nindent 4 }}
  ports:
    {{- if eq $facts.serves "grpc" }}
    - name: grpc
      port: {{ include "einthoven.rpcPort" . }}
      targetPort: grpc
      appProtocol: kubernetes.io/h2c
    - name: metrics
      port: {{ include "einthoven.metricsPort" . }}
      targetPort: metrics
    {{- else }}
    - name: {{ $facts.serves }}
      port: {{ ternary $service.port 80 (eq $facts.serves "dicom") }}
      targetPort: {{ $facts.serves }}
      {{- if and $service.nodePort (ne $service.type "ClusterIP") }}
      nodePort: {{ $service.nodePort }}
      {{- end }}
    {{- end }}
{{- end }}

{{/* From outside, a sender keeps its address, or else no policy and no log could tell it from another. */}}
{{- define "einthoven.service.senders" -}}
{{- if ne .type "ClusterIP" }}
externalTrafficPolicy: {{ .externalTrafficPolicy }}
{{- end }}
{{- if and .loadBalancerSourceRanges (eq .type "LoadBalancer") }}
loadBalancerSourceRanges: {{- toYaml .loadBalancerSourceRanges | nindent 2 }}
{{- end }}
{{- end }}

{{- define "einthoven.serviceaccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata: {{- include "einthoven.metadata" . | nindent 2 }}
automountServiceAccountToken: false
{{- end }}

{{- define "einthoven.pdb" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {{- include "einthoven.metadata" . | nindent 2 }}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels: {{- include "einthoven.selector" . | nindent 6 }}
{{- end }}

{{/* On CPU everywhere; on what a pod still has to do where the cluster can say so. */}}
{{- define "einthoven.hpa" -}}
{{- $scaling := (get .root.Values (include "einthoven.facts" . | fromYaml).values).autoscaling -}}
{{- if $scaling.enabled -}}
{{- $versions := .root.Capabilities.APIVersions -}}
{{- $available := or ($versions.Has "custom.metrics.k8s.io/v1beta1") ($versions.Has "custom.metrics.k8s.io/v1beta2") -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {{- include "einthoven.metadata" . | nindent 2 }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ include "einthoven.name" . }}
  minReplicas: {{ $scaling.minReplicas }}
  maxReplicas: {{ $scaling.maxReplicas }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target: {type: Utilization, averageUtilization: {{ $scaling.cpuPercent }}}
    {{- if and $scaling.queue.metric (or (eq $scaling.queue.when "always") (and (eq $scaling.queue.when "available") $available)) }}
    - type: Pods
      pods:
        metric: {name: {{ $scaling.queue.metric }}}
        target: {type: AverageValue, averageValue: {{ $scaling.queue.average | quote }}}
    {{- end }}
    {{- with $scaling.metrics }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  behavior:
    scaleDown:
      stabilizationWindowSeconds: 300
      policies:
        - {type: Pods, value: 1, periodSeconds: 60}
{{- end }}
{{- end }}
