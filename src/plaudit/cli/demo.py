def run() -> None:
    """Propose a recipe for a file."""
