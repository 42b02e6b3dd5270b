"""Vision-language models of Hugging Face transformers: loading, prompts and answers by rules, no table."""

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from transformers import GenerationMixin, LogitsProcessorList

from ecoflap.errors import EcoflapError, first_line
from ecoflap.models.base import MAX_NEW_TOKENS, Batch, Hear
from ecoflap.models.huggingface import answers, prompts, quirks
from ecoflap.models.huggingface.forcing import TeacherForced, inner_head
from ecoflap.models.huggingface.labels import Labels
from ecoflap.models.huggingface.loading import weights_of
from ecoflap.models.huggingface.processors import processor_of
from ecoflap.models.huggingface.rows import IGNORED, Tensors
from ecoflap.models.huggingface.streaming import Listening
from ecoflap.types import Answer, Sample
from ecoflap.types.loading import Loading, LoadProgress

# What a model is tried on when it is loaded; the picture is small, so that one of few tokens is made of it.
TRIAL = Sample(Image.linear_gradient("L").resize((64, 64)), "what is there ?", "yes")


class HuggingFaceModel(TeacherForced):
    """A model and its processor; prompts, labels and decoding by rules instead of a table of families."""

    def __init__(
        self,
        spec: str,
        folder: Path,
        config: Any,
        loading: Loading,
        progress: LoadProgress | None = None,
        state: Mapping[str, torch.Tensor] | None = None,
    ) -> None:
        """Load from `folder`, whose configuration is `config`, and run once to see what is used.

        Weights are `state`, by name, where they do not come from the folder.

        Raises:
            EcoflapError: the folder holds no vision-language model, its weights do not fit its configuration, or a
                first pass fails.
        """
        self.spec, self.name, self.folder = spec, spec, folder
        self.module = weights_of(spec, folder, config, loading, progress, state).eval()
        quirks.mend(self.module.requires_grad_(False))
        self._load_processor(loading)
        self.resized = prompts.complete(self.processor, self.tokenizer, self.module)
        self._labels = Labels(self.module, self.processor, self.tokenizer)
        self._head = inner_head(self.module)
        self._explore(TRIAL)

    def _load_processor(self, loading: Loading) -> None:
        """Set `processor` and `tokenizer`."""
        self.processor = processor_of(self.spec, self.folder, loading)
        self.tokenizer = self.processor.tokenizer

    def _prompts(self, samples: Sequence[Sample]) -> Tensors:
        """Pictures and questions as tensors, floats in the model's type."""
        images = [sample.image.convert("RGB") for sample in samples]
        questions = [sample.question for sample in samples]
        try:
            inputs = prompts.prompts(self.processor, images, questions, self._labels.side)
        except (ValueError, TypeError, RuntimeError) as error:  # a picture too narrow for its patches, for one
            raise EcoflapError("sample_refused", model=self.name, reason=first_line(error)) from error
        # Tokenizers number two texts apart; most models know nothing of it.
        if "token_type_ids" not in inspect.signature(self.module.forward).parameters:
            inputs.pop("token_type_ids", None)
        return dict(inputs.to(self.device, self.module.dtype))

    def _room(self, batch: Batch) -> float:
        """How many more tokens the language model can read behind the longest prompt of `batch`.

        Raises:
            EcoflapError: a text is too long already; learned positions would end in an index error.
        """
        lengths = prompts.lengths(batch, self.module.config)
        for tokens, most in lengths.values():
            if tokens > most:
                raise EcoflapError("sample_long", model=self.name, tokens=tokens, most=most)
        tokens, most = lengths["input_ids"]
        return most - tokens

    @torch.inference_mode()
    def answer(self, samples: Sequence[Sample], max_new_tokens: int = MAX_NEW_TOKENS) -> list[Answer]:
        """Greedy answers with the probability of every token."""
        if self._head is not None and self.encoder_decoder:  # BLIP's generate would read a question's padding
            return [answer for sample in samples for answer in self._answers([sample], max_new_tokens)]
        return self._answers(samples, max_new_tokens)

    @torch.inference_mode()
    def answer_aloud(self, sample: Sample, hear: Hear, max_new_tokens: int = MAX_NEW_TOKENS) -> Answer:
        """What `answer` gives for one question, told after every token."""
        listening = Listening(self.tokenizer, self._labels.ends, hear)
        return self._answers([sample], max_new_tokens, logits_processor=LogitsProcessorList([listening]))[0]

    def _answers(self, samples: Sequence[Sample], most: int, **hooks: Any) -> list[Answer]:
        """Greedy answers; `hooks` are handed to generation."""
        inputs = self._labels.begun(self._prompts(samples))
        room = self._room(inputs)
        prompt = self._labels.unclosed(inputs)
        # BLIP's own generate takes the closing token off itself, and writes into the prompt.
        given = prompt if type(self.module).generate is GenerationMixin.generate else inputs
        made = self.module.generate(
            **(given | {"input_ids": given["input_ids"].clone()}),
            max_new_tokens=most if self.encoder_decoder else max(1, min(most, room)),
            do_sample=False,
            num_beams=1,
            output_logits=True,
            return_dict_in_generate=True,
            **hooks,
        )
        chosen = answers.chosen(made, prompt["input_ids"], self.encoder_decoder)
        probabilities = self._probabilities(inputs, made, chosen)
        pairs = zip(chosen.tolist(), probabilities.tolist())
        return [answers.decoded(self.tokenizer, self._labels.ends, ids, values) for ids, values in pairs]

    def _probabilities(self, inputs: Tensors, made: Any, chosen: torch.Tensor) -> torch.Tensor:
        """What the model gave each generated token: (samples, tokens) in [0, 1].

        Where generation keeps no logits they are measured: the generated tokens are given to the model as answers.
        """
        if not isinstance(made, torch.Tensor):
            return torch.stack(made.logits, 1).float().softmax(-1).gather(-1, chosen[..., None])[..., 0]
        logits, labels = self._predictions(self._labels.taught(inputs, chosen.tolist()))
        known = labels != IGNORED
        found = logits.softmax(-1).gather(-1, labels.where(known, 0)[..., None])[..., 0]
        return found[known].view(chosen.shape)
