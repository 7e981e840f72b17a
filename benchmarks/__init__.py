"""What is measured: agreement with the published systems, accuracy, speed."""
