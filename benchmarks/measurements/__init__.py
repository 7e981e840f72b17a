"""What is measured about them: one question a file, each with `measure(setting) -> Measurement`."""
