"""What jobs have to do with one another: lineage, differences, and stories. Nothing here asks the Hub or draws."""
