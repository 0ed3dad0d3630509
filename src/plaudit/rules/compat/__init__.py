"""The rules of well-known libraries under their published names: same values, exploits included."""
