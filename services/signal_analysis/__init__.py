"""Signal analysis: what a clinician sees of one stored ECG, and what is measured on it.

Serves `einthoven.signal_analysis.v1.SignalAnalysisService`: the raw, QRS, events, representative-beat, median-beat and
time-aligned views as arrays, on millimetre paper and as files of numbers, and measurements. Asks ingest for the record
and reads its signal from the object store. Publishes and stores nothing; keeps views in memory for a minute.

The rooms within: `window` cuts the stretch to look at, `filters` filters it where asked, `engine` finds its beats and
waves and measures them, `rhythm` and `delineation` bring what it found onto the window's samples, `alignment` (Rlign)
warps beats onto each other, `views` has one module per view, `paper` draws them, `numbers` writes them, `service` joins
them.
"""
