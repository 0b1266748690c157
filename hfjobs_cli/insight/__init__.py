"""What is computed from several responses: costs, lineage, differences, reports, summaries."""
