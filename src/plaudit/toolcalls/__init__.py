"""Tool calls: read from responses, typed by their schemas, matched with the expected ones."""
