"""The widgets: one folder a kind, found by looking. `kit` is what they are made with."""
