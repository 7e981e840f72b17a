"""The dialog that lists the models."""
