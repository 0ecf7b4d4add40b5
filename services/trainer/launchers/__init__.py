"""Ways to start the workers of a training, one file each: processes of this machine, or Jobs of a Kubernetes cluster.

The Job template, as whoever installs the platform mounts it for the trainer, is a whole batch/v1 Job in YAML. What it
says stands; the launcher fills in what differs from training to training:

* `metadata.name` (`training-<training_id>-<launch>`), and the trainer's service account as owner;
* labels `einthoven/training` and `einthoven/launch` on the Job and its pods, and the annotation `einthoven/tenant`;
* `spec.completions` and `spec.parallelism`: the number of workers;
* `spec.template.spec.subdomain`: the name of a headless service that selects the workers' pods and has
  `publishNotReadyAddresses: true`, so that workers find the first of them as `<job>-0.<subdomain>`;
* of the container named `worker`: `args`, and what follows the first word of `command`, the Python interpreter;
* its limit and request of the GPU resource, where the training asks for GPUs.

And it relies on, and therefore checks at the start:

* `spec.completionMode: Indexed`, `spec.template.spec.restartPolicy: Never`, one container named `worker`;
* `spec.backoffLimit: 0`: a Job is one launch. The trainer starts the next one, which begins with all workers at the
  last checkpoint; a Job that replaced one of several pods would have it join processes that are about to end;
* `spec.podFailurePolicy` with the single rule `{action: FailJob, onPodConditions: [{type: DisruptionTarget, status:
  "True"}]}`: a Job that failed because of its nodes (drained, preempted, lost) then says so, and costs the training
  none of its attempts;
* `metadata.labels` names the installation (`app.kubernetes.io/instance`), by which the launcher finds its Jobs again.

`tests/unit/services/trainer/launchers/job.yaml` is the smallest template that does. docs/adr/0013 has the reasons.
"""
