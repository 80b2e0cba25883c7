"""The commands of ``python -m gateway``, by what they are for."""
