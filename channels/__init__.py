"""The wires: one adapter per channel, knowing its provider and nothing else."""
