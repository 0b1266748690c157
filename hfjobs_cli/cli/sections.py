"""The sections in which help lists options, in order. Light to import: options name theirs."""

JOB = "Job"
HARDWARE = "Hardware and limits"
NETWORK = "Network"
SCRIPT = "Script"
OPTIONS = "Options"
WHICH = "Which ones"
OUTPUT = "Output"
CONNECTION = "Connection and help"

SWEEP = "Several jobs"

SECTIONS = (SCRIPT, JOB, HARDWARE, NETWORK, OPTIONS, SWEEP, WHICH, OUTPUT, CONNECTION)
