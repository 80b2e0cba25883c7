"""The directory, the decision, and what both promise."""
