"""A new job: from options, files and other jobs to the body of the request that creates it. Nothing is asked here."""
