"""Providers on loopback: real servers that speak the documented protocols and fail on demand."""
