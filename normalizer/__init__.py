"""What a citizen wrote, in one format: text, language, wish, tracking numbers."""
