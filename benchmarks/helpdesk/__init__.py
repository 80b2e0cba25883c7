"""Guichet beside django-helpdesk: the same mails, forms and API calls, each to its case."""
