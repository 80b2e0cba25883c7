"""Everything that Guichet stands on dies under load; nothing that was taken is lost."""
