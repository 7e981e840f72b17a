"""The fine-tuning dialog: layers, samples, a model, its training."""
