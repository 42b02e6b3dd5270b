"""Vision-language models behind one contract (base.py); registry.py opens them by name."""
