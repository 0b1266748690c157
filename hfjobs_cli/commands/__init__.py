"""The commands, one file each. A command takes the session and its options, and returns its exit code."""
