"""What is kept of the files as they were received, and under which protection."""
