"""The well-known originals under their published names: equal values, exploits included."""
