"""The worker: one process per training, started by a launcher, that needs the object store and the trainer's rows only.

`python -m services.trainer.worker TRAINING_ID`; several processes of one training are started by torchrun.
"""
