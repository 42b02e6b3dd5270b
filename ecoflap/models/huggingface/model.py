"""Vision-language models of Hugging Face transformers, loaded from a folder, the local cache or the hub."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoProcessor

from ecoflap.errors import EcoflapError
from ecoflap.models import discovery
from ecoflap.models.base import MAX_NEW_TOKENS, Batch, VisionLanguageModel
from ecoflap.models.huggingface.loading import first_line, weights_of
from ecoflap.types import Answer, Sample
from ecoflap.types.loading import Loading, LoadProgress

# Positions that the loss leaves out.
IGNORED = -100


class HuggingFaceModel(VisionLanguageModel):
    """A model and its processor; prompts, labels and decoding by rules instead of a table of families."""

    def __init__(
        self, spec: str, folder: Path, config: Any, loading: Loading, progress: LoadProgress | None = None
    ) -> None:
        """Load from `folder`, whose configuration is `config`.

        Raises:
            EcoflapError: the folder holds no vision-language model, or its weights do not fit its configuration.
        """
        self.spec, self.name, self.folder, self.resized = spec, spec, folder, False
        self.module = weights_of(spec, folder, config, loading, progress).eval().requires_grad_(False)
        try:
            self.processor = AutoProcessor.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
            self.tokenizer = self.processor.tokenizer
        except Exception as error:  # which kind depends on the file that is missing or broken, and on torchvision
            raise EcoflapError("model_processor", spec=spec, reason=first_line(error)) from error
        self._complete_processor()
        found = discovery.discover(self.module)
        if not found.layers:
            raise EcoflapError("model_no_layers", spec=spec, kind=type(self.module).__name__)
        self.layers, self.linears, self.dense = found.layers, found.linears, found.dense

    def _complete_processor(self) -> None:
        """Old BLIP-2 checkpoints lack the number of query tokens and the image token's id."""
        config = self.module.config
        if hasattr(config, "num_query_tokens") and getattr(self.processor, "num_query_tokens", 0) is None:
            self.processor.num_query_tokens = config.num_query_tokens
        if hasattr(config, "image_token_index") and config.image_token_index is None:
            config.image_token_index = self.tokenizer.convert_tokens_to_ids(str(self.processor.image_token))
            if config.image_token_index >= self.module.get_input_embeddings().num_embeddings:
                self.module.resize_token_embeddings(config.image_token_index + 1)
                self.resized = True

    @property
    def encoder_decoder(self) -> bool:
        """Whether the answer has a decoder of its own."""
        config = self.module.config
        return bool(config.is_encoder_decoder or config.get_text_config().is_encoder_decoder)

    def _prompts(self, samples: Sequence[Sample]) -> dict[str, torch.Tensor]:
        """Pictures and questions as tensors, floats in the model's type."""
        images = [sample.image.convert("RGB") for sample in samples]
        questions = [sample.question for sample in samples]
        self.tokenizer.padding_side = "right" if self.encoder_decoder else "left"
        inputs = self.processor(images=images, text=questions, padding=True, return_tensors="pt")
        return dict(inputs.to(self.device, self.module.dtype))

    def _answer_ids(self, answer: str) -> list[int]:
        """Token ids of an answer, with the end token and without a start token."""
        ids = self.tokenizer(answer, add_special_tokens=False).input_ids
        return [*ids, self.tokenizer.eos_token_id]

    def encode(self, samples: Sequence[Sample]) -> Batch:
        """Tensors of a batch with labels: a sequence of their own, or behind the prompt of a decoder-only model."""
        inputs = self._prompts(samples)
        answers = [torch.tensor(self._answer_ids(sample.answer)) for sample in samples]
        labels = torch.nn.utils.rnn.pad_sequence(answers, batch_first=True, padding_value=IGNORED).to(self.device)
        if self.encoder_decoder:
            return inputs | {"labels": labels}
        present = labels != IGNORED
        tail = labels.masked_fill(~present, self.tokenizer.pad_token_id)
        prompt = inputs["input_ids"]
        return inputs | {
            "input_ids": torch.cat([prompt, tail], 1),
            "attention_mask": torch.cat([inputs["attention_mask"], present.to(inputs["attention_mask"])], 1),
            "labels": torch.cat([torch.full_like(prompt, IGNORED), labels], 1),
        }

    def loss(self, batch: Batch) -> torch.Tensor:
        """Mean cross-entropy over the answer tokens of the batch, in nats: a float32 scalar."""
        logits, labels = self._predictions(batch)
        return torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORED)

    def losses(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """(cross-entropy summed over the answer tokens, number of those tokens) per sample: each (samples,) float32."""
        logits, labels = self._predictions(batch)
        each = torch.nn.functional.cross_entropy(
            logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORED, reduction="none"
        )
        return each.view(labels.shape).sum(1), (labels != IGNORED).sum(1).float()

    def _predictions(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits (samples, tokens, words) float32 with the label (samples, tokens) that each is to predict."""
        labels = batch["labels"]
        inputs = {key: value for key, value in batch.items() if key != "labels"}
        if self.encoder_decoder:
            inputs["decoder_input_ids"] = self._shifted(labels)
            return self.module(**inputs).logits.float(), labels
        return self.module(**inputs).logits[:, :-1].float(), labels[:, 1:]

    def _shifted(self, labels: torch.Tensor) -> torch.Tensor:
        """Decoder inputs for teacher forcing: the labels moved right behind the start token."""
        text = self.module.config.get_text_config()
        start, pad = text.decoder_start_token_id, text.pad_token_id
        return torch.cat([torch.full_like(labels[:, :1], start), labels[:, :-1]], 1).masked_fill(
            torch.cat([torch.zeros_like(labels[:, :1], dtype=torch.bool), labels[:, :-1] == IGNORED], 1), pad
        )

    @torch.inference_mode()
    def answer(self, samples: Sequence[Sample], max_new_tokens: int = MAX_NEW_TOKENS) -> list[Answer]:
        """Greedy answers with the probability of every token."""
        inputs = self._prompts(samples)
        made = self.module.generate(
            **inputs,
            max_new_tokens=max_new_tokens,
            do_sample=False,
            num_beams=1,
            output_scores=True,
            return_dict_in_generate=True,
        )
        steps = len(made.scores)
        chosen = made.sequences[:, made.sequences.shape[1] - steps :]
        logits = torch.stack(made.scores, 1).float()
        probabilities = logits.softmax(-1).gather(-1, chosen[..., None])[..., 0]
        return [self._decoded(ids, values) for ids, values in zip(chosen.tolist(), probabilities.tolist())]

    def _decoded(self, ids: list[int], probabilities: list[float]) -> Answer:
        """One answer from its generated ids; special tokens and what follows the end are left out."""
        end = ids.index(self.tokenizer.eos_token_id) if self.tokenizer.eos_token_id in ids else len(ids)
        special = set(self.tokenizer.all_special_ids)
        pairs = [(i, p) for i, p in zip(ids[:end], probabilities) if i not in special]
        tokens = tuple(self.tokenizer.decode([i]).strip() for i, _ in pairs)
        text = self.tokenizer.decode([i for i, _ in pairs], skip_special_tokens=True).strip()
        return Answer(text, tokens, tuple(p for _, p in pairs))
