"""The command line: commands, options, parsing, completion and the session of one run."""
