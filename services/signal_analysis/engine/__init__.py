"""The platform's own measurement engine: one ECG of several leads -> beats, waves and what is measured on them.

Pure numpy and scipy. A window is brought to 500 Hz (`sampling`, `trace`), pacing spikes are taken out (`spikes`), beats
are found over all leads (`peaks`) and sorted into families that look alike (`families`). The boundaries of QRS (`qrs`),
T (`t_wave`) and P (`p_wave`) are fitted combinations (`combination`, boundaries.json) of where the leads' velocities
(`velocity`) fall below thresholds; `per_lead` does the same for every lead alone. `delineating` joins them, `device`,
`rhythmics`, `voltages` and `measuring` turn the result into measurements. docs/measurements.md defines each.
"""
