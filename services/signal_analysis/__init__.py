"""Signal analysis: what a clinician sees of one stored ECG, and what is measured on it.

Serves `einthoven.signal_analysis.v1.SignalAnalysisService`: the raw, QRS, events, median-beat and time-aligned views,
and measurements. Asks ingest for the record and reads its signal from the object store. Publishes and stores nothing.

The rooms within: `window` cuts the stretch to look at, `engine` finds its beats and waves and measures them, `rhythm`
and `delineation` bring what it found onto the window's samples, `alignment` (Rlign) warps beats onto each other,
`views` has one module per view, `service` joins them.
"""
