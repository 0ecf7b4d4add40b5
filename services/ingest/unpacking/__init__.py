"""Archives, member by member, from bytes to bytes: no name of an archive ever becomes a path of this machine."""
