"""HTTP only: providers' hooks, citizens' pages, the API."""
