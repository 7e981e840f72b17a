"""Fine-tuning as a dialog asks for it: presets, what they cost here, and jobs that survive."""
