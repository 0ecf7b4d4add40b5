"""Trainer: a labelled dataset and a base give a new model.

Serves einthoven.trainer.v1. Stores trainings and their events in its database, everything large under
`trainings/<tenant>/<training_id>/` and `derived/<tenant>/<dataset_id>/` in the object store. Consumes
einthoven.trainer.requested, publishes einthoven.events.trainings.changed. The service plans and watches; a worker
process per training learns, and lives on where the service dies.
"""
