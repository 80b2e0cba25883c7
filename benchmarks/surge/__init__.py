"""The whole road under load, on PostgreSQL: ``python -m benchmarks.surge`` (`make bench`)."""
