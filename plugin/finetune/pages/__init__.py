"""The pages of the dialog."""
