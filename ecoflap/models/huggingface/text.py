"""Models that read text alone: encoder-decoders such as T5, and decoders such as Llama."""

from collections.abc import Sequence

from ecoflap.errors import EcoflapError
from ecoflap.models.huggingface.model import HuggingFaceModel
from ecoflap.models.huggingface.processors import text_processor_of
from ecoflap.models.huggingface.rows import Tensors
from ecoflap.models.kinds import TEXT
from ecoflap.types import Sample
from ecoflap.types.loading import KINDS, Loading


class TextModel(HuggingFaceModel):
    """The question is the prompt, in the tokenizer's chat template where it has one; there is no picture."""

    kind, asks = TEXT, KINDS[TEXT]

    def _load_processor(self, loading: Loading) -> None:
        """Set `processor` and `tokenizer`, which are the same."""
        if self.module.main_input_name != "input_ids":  # a model that hears, such as Whisper
            raise EcoflapError("model_kind", spec=self.spec, kind=type(self.module).__name__)
        self.processor = self.tokenizer = text_processor_of(self.spec, self.folder, loading)

    def _prompts(self, samples: Sequence[Sample]) -> Tensors:
        """Questions as tensors."""
        self.tokenizer.padding_side = self._labels.side
        texts = [sample.question for sample in samples]
        if self.tokenizer.chat_template:
            turns = [[{"role": "user", "content": text}] for text in texts]
            settings = {"add_generation_prompt": True, "tokenize": True, "return_dict": True}
            inputs = self.tokenizer.apply_chat_template(turns, padding=True, return_tensors="pt", **settings)
        else:
            inputs = self.tokenizer(texts, padding=True, return_tensors="pt")
        # Tokenizers of some decoders number two texts apart, which the model knows nothing of.
        return {key: inputs[key].to(self.device) for key in ("input_ids", "attention_mask")}
