"""The whole road under load, on PostgreSQL: the provider, its webhooks, and what it was told."""
