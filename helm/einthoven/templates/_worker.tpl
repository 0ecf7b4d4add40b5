{{/*
The whole Job of a training. The trainer fills in its name, whose it is, how many workers, their arguments and their GPUs;
everything that a cluster decides is here. The trainer checks what it relies on: see services/trainer/launchers.
*/}}
{{- define "einthoven.worker.job" -}}
{{- $values := .root.Values.worker -}}
{{- $prefix := include "einthoven.prefix" . -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ include "einthoven.name" . }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "einthoven.selector" . | nindent 4 }}
    {{- with $values.queue }}
    kueue.x-k8s.io/queue-name: {{ . }}
    {{- end }}
spec:
  completionMode: Indexed
  completions: 1
  parallelism: 1
  backoffLimit: 0  # One Job is one launch; the trainer starts the next one from the last checkpoint.
  ttlSecondsAfterFinished: {{ $values.ttlSeconds }}
  podFailurePolicy:
    rules:
      # Says that the nodes are to blame, so that the training loses none of its attempts.
      - action: FailJob
        onPodConditions:
          - {type: DisruptionTarget, status: "True"}
  template:
    metadata:
      labels: {{- include "einthoven.selector" . | nindent 8 }}
      {{- with $values.podAnnotations }}
      annotations: {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      restartPolicy: Never
      subdomain: {{ include "einthoven.name" . }}
      serviceAccountName: {{ include "einthoven.name" . }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: {{ $values.graceSeconds }}
      securityContext: {{- include "einthoven.podSecurity" . | nindent 8 }}
      {{- include "einthoven.pullSecrets" . | nindent 6 }}
      containers:
        - name: worker
          image: {{ default (include "einthoven.image" (dict "root" .root "component" "trainer")) $values.image }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          command: [python, -m, services.trainer.worker]
          securityContext: {{- include "einthoven.containerSecurity" . | nindent 12 }}
          env:
            {{- range $key, $value := include "einthoven.settings" . | fromYaml }}
            - name: {{ $prefix }}{{ $key }}
              value: {{ $value | quote }}
            {{- end }}
            {{- include "einthoven.environment" . | nindent 12 }}
          resources: {{- toYaml $values.resources | nindent 12 }}
          volumeMounts:
            {{- include "einthoven.volumeMounts" . | nindent 12 }}
            - name: shared-memory
              mountPath: /dev/shm
      volumes:
        {{- include "einthoven.volumes" . | nindent 8 }}
        - name: shared-memory
          emptyDir:
            medium: Memory
            sizeLimit: {{ $values.sharedMemory }}
      {{- include "einthoven.placement" (dict "root" .root "component" "worker" "kind" "training") | nindent 6 }}
{{- end }}
