"""How records are written, one file per format. None of them knows what kind of record it writes."""
