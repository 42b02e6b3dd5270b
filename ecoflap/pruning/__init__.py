"""The fine step: criteria that rank the weights inside one layer, and the calibration that they need."""
