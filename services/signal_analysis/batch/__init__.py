"""Measuring whole datasets as jobs.

`ledger` keeps the jobs as rows, `census` counts them, `worker` takes them up one at a time and `run` does one, or what
`progress` gives it a turn for: it asks what the dataset holds, measures in `pool` what is not on the `shelf` yet, and
lays the table there. `tables` makes and joins tables, `plotting` draws one, `service` is what a department sees,
`announcing` rings and hears the bell.
"""
