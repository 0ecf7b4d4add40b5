"""What every deployable stands on; knows no deployable.

A thing belongs here when at least two deployables use it and it names a concept of the platform.
"""
