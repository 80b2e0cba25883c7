"""Real servers that the tests start, kill and start again, all on loopback."""
