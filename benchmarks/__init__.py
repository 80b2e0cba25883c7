"""What Guichet takes and what it costs, measured side by side: ``make bench``."""
