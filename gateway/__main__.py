"""``python -m gateway``: see gateway/cli.py."""

from gateway.cli import main

main()
