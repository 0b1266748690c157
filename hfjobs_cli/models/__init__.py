"""What the Hub's JSON is parsed into. A kind of record is one file: its dataclasses, and all that is known of it."""
