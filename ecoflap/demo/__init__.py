"""The demo model's world: drawn scenes, questions about them, the training of the model, its accuracy."""
