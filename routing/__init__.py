"""Who is competent: the administrations and the decision between them."""
