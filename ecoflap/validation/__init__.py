"""What a reviewer would ask to see measured: `python -m ecoflap.validation` renews docs/validation.md."""
