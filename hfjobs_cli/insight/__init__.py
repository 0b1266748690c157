"""What several answers of the Hub tell together: what jobs cost, where they come from, how they differ."""
