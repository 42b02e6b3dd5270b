"""The coarse step: importance scores from the global loss."""
