"""``python -m gateway``: see gateway/cli.py."""

import gc

from gateway.cli import main

# What is loaded stays: looking for garbage after every 700 new objects costs a fifth of the start,
# and finds none.
gc.set_threshold(50_000)
main()
