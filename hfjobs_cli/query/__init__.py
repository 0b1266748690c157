"""What is asked for on the command line: which records, which of their fields, and in what order."""
