"""Language models that judge: what they are asked, and how their verdicts are read."""
