"""What Guichet promises, each promise with its proof."""
