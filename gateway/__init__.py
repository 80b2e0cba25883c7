"""Time, storage and people: the road from the wire to a case and back."""
