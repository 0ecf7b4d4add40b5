"""The sections of an SCP-ECG record (EN 1064, ISO 11073-91064), a module each; numpy only, no I/O.

Numbers are little-endian; samples are counted from 1 in the record and from 0 here.
"""
