"""Signal analysis: what a clinician sees of one stored ECG, and what is measured on it.

Serves `einthoven.signal_analysis.v1.SignalAnalysisService`: the raw, QRS, events, representative-beat, median-beat and
time-aligned views as arrays, on millimetre paper and as files of numbers, and measurements; and `MeasuringService`:
jobs that measure whole datasets, measurements as FHIR and for DICOM. Asks ingest for records and reads their signals
from the object store. Keeps views in memory for a minute. Publishes that a job waits, follows that datasets are erased,
owns `signal_analysis_jobs`, and keeps tables under `derived/<tenant>/<dataset>/measured/`.

The rooms within: `reading` reads a signal that is not too large, `window` cuts the stretch to look at, `filters`
filters it where asked, `engine` finds its beats and waves and measures them, `rhythm` and `delineation` bring what it
found onto the window's samples, `alignment` (Rlign) warps beats onto each other, `views` has one module per view,
`paper` draws them, `numbers` writes them, `service` joins them. `batch` measures datasets, `annotating` and `fhir` tell
others.
"""
