"""The whole road over real processes, from the wire to the citizen and back."""
