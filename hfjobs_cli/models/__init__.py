"""Records, which the Hub's JSON is decoded into, and their kinds. Small kinds share a file, others have their own."""
