"""Ingest: bytes of any format become recordings, datasets and labels.

Serves     einthoven.ingest.v1.IngestService
Publishes  einthoven.events.recordings.stored.<tenant>, einthoven.events.recordings.erased.<tenant>
Stores     rows: ingest_datasets, ingest_records, ingest_labels, ingest_claims
           objects: originals/<tenant>/<sha256>, signals/<tenant>/<dataset>/<shard>.npy;
           erases derived/<tenant>/<dataset>/, which others write

formats/ read files, decoding/ makes recordings of what they find, uploading/ brings them into the store, catalog/ are
the rows, erasing/ takes things out again, exporting/ writes files for others, originals/ says what is kept of the
files themselves and under which protection.
"""
