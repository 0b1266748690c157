"""Text by itself: harmless, measured, spelled, and compared. Nothing here knows of jobs."""
