"""The services that signal analysis asks, behind its own ports."""
