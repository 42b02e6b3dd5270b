"""Writing a model of Hugging Face transformers."""

from pathlib import Path

from ecoflap.models.base import VisionLanguageModel

# Files of weights are no larger than this.
SHARD = "5GB"


class Saved(VisionLanguageModel):
    """A model that the library writes."""

    def save(self, folder: Path) -> None:
        """Write the weights as they are now, as safetensors, with the library's own configuration files."""
        self.module.save_pretrained(folder, max_shard_size=SHARD)
