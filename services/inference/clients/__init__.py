"""The services that inference asks, behind its own ports."""
