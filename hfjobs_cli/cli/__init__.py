"""The command line itself: what is on it, how it is read, and what a run works with."""
