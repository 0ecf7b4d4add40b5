{{/* A server for evaluation: one replica, one volume, no copy of anything. The argument is a dict of root and component. */}}
{{- define "einthoven.bundled.statefulset" -}}
{{- $values := get .root.Values.bundled .component -}}
{{- if $values.enabled -}}
{{- $port := (get (include "einthoven.bundles" . | fromYaml) .component).port -}}
apiVersion: apps/v1
kind: StatefulSet
metadata: {{- include "einthoven.metadata" . | nindent 2 }}
spec:
  replicas: 1
  serviceName: {{ include "einthoven.name" . }}
  selector:
    matchLabels: {{- include "einthoven.selector" . | nindent 6 }}
  persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete, whenScaled: Retain}
  template:
    metadata:
      labels: {{- include "einthoven.selector" . | nindent 8 }}
    spec:
      serviceAccountName: {{ include "einthoven.name" . }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: 30
      securityContext: {{- include "einthoven.podSecurity" . | nindent 8 }}
      {{- include "einthoven.pullSecrets" . | nindent 6 }}
      {{- with include "einthoven.priorityClass" (dict "root" .root "kind" "serving") }}
      priorityClassName: {{ . }}
      {{- end }}
      containers:
        - name: {{ .component }}
          image: {{ $values.image }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          {{- with $values.command }}
          command: {{- toYaml . | nindent 12 }}
          {{- end }}
          args: {{- toYaml $values.args | nindent 12 }}
          securityContext: {{- include "einthoven.containerSecurity" . | nindent 12 }}
          env: {{- include (printf "einthoven.bundled.%s" .component) . | nindent 12 }}
          ports:
            - name: {{ .component }}
              containerPort: {{ $port }}
          startupProbe:
            tcpSocket: {port: {{ $port }}}
            periodSeconds: 1
            failureThreshold: 120
          readinessProbe:
            tcpSocket: {port: {{ $port }}}
            periodSeconds: 5
          livenessProbe:
            tcpSocket: {port: {{ $port }}}
            periodSeconds: 20
          resources: {{- toYaml $values.resources | nindent 12 }}
          volumeMounts:
            - name: data
              mountPath: /data
            - name: tmp
              mountPath: /tmp
            - name: run
              mountPath: /var/run/postgresql
      volumes:
        - name: tmp
          emptyDir: {sizeLimit: 256Mi}
        - name: run
          emptyDir: {sizeLimit: 16Mi}
  volumeClaimTemplates:
    - metadata:
        name: data
        labels: {{- include "einthoven.selector" . | nindent 10 }}
      spec:
        accessModes: [ReadWriteOnce]
        {{- with $values.storageClass }}
        storageClassName: {{ . }}
        {{- end }}
        resources:
          requests:
            storage: {{ $values.size }}
{{- end }}
{{- end }}

{{- define "einthoven.bundled.secret" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ include "einthoven.secretName" .root }}
      key: {{ .key }}
{{- end }}

{{- define "einthoven.bundled.nats" -}}
{{- include "einthoven.bundled.secret" (dict "root" .root "name" "NATS_PASSWORD" "key" "nats-password") }}
{{- end }}

{{- define "einthoven.bundled.postgres" -}}
- name: POSTGRES_USER
  value: einthoven
- name: POSTGRES_DB
  value: einthoven
- name: PGDATA
  value: /data/postgres
{{ include "einthoven.bundled.secret" (dict "root" .root "name" "POSTGRES_PASSWORD" "key" "postgres-password") }}
{{- end }}

{{- define "einthoven.bundled.s3" -}}
- name: HOME
  value: /tmp
{{ include "einthoven.bundled.secret" (dict "root" .root "name" .root.Values.bundled.s3.accessKeyVariable "key" "storage-access-key") }}
{{ include "einthoven.bundled.secret" (dict "root" .root "name" .root.Values.bundled.s3.secretKeyVariable "key" "storage-secret-key") }}
{{- end }}

{{- define "einthoven.bundled.service" -}}
{{- if (get .root.Values.bundled .component).enabled -}}
{{- $port := (get (include "einthoven.bundles" . | fromYaml) .component).port -}}
apiVersion: v1
kind: Service
metadata: {{- include "einthoven.metadata" . | nindent 2 }}
spec:
  clusterIP: None
  selector: {{- include "einthoven.selector" . | nindent 4 }}
  ports:
    - name: {{ .component }}
      port: {{ $port }}
      targetPort: {{ $port }}
{{- end }}
{{- end }}

{{- define "einthoven.bundled.serviceaccount" -}}
{{- if (get .root.Values.bundled .component).enabled -}}
{{- include "einthoven.serviceaccount" . }}
{{- end }}
{{- end }}

{{/* In: the components that stand on it. Out: nothing. */}}
{{- define "einthoven.bundled.networkpolicy" -}}
{{- if and (get .root.Values.bundled .component).enabled .root.Values.networkPolicy.enabled -}}
{{- $root := .root -}}
{{- $bundle := get (include "einthoven.bundles" . | fromYaml) .component -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{- include "einthoven.metadata" . | nindent 2 }}
spec:
  podSelector:
    matchLabels: {{- include "einthoven.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress:
    - ports:
        - {port: {{ $bundle.port }}, protocol: TCP}
      from:
        {{- range $user, $its := include "einthoven.components" . | fromYaml }}
        {{- if has $bundle.dependency $its.uses }}
        - podSelector:
            matchLabels: {{- include "einthoven.selector" (dict "root" $root "component" $user) | nindent 14 }}
        {{- end }}
        {{- end }}
{{- end }}
{{- end }}
