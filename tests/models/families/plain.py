"""BLIP-2, InstructBLIP, BLIP, LLaVA, PaliGemma and Florence-2: models that are asked without a chat template."""

from functools import partial
from pathlib import Path

import transformers as tf

from tests.models.families.common import TEXT, VISION, Family, numbers, save, tokenizer

LLAMA_MARKS = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}
T5_MARKS = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
OPT_MARKS = T5_MARKS | {"bos_token": "</s>"}
BERT_MARKS = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
# Of pictures of 16 by 16 in patches of 8: 4 patches.
PICTURE = {"image_size": 16, "patch_size": 8}
SQUARE = {"size": {"height": 16, "width": 16}}
QUERIES = 2


def text_model(kind: str, words: tf.PreTrainedTokenizerFast) -> dict:
    """Configuration of a tiny language model of `kind` t5, opt or llama over the tokenizer `words`."""
    if kind == "t5":
        side = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 2, "num_heads": 2, "decoder_start_token_id": 0}
        marks = numbers(words) | {"bos_token_id": None}
        return tf.T5Config(**marks, **side, feed_forward_proj="gated-gelu", tie_word_embeddings=False).to_dict()
    if kind == "opt":
        side = {"hidden_size": 16, "ffn_dim": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
        return tf.OPTConfig(**numbers(words), **side, word_embed_proj_dim=16, max_position_embeddings=64).to_dict()
    return tf.LlamaConfig(**numbers(words), **TEXT, num_key_value_heads=1, tie_word_embeddings=False).to_dict()


def words_of(kind: str) -> tf.PreTrainedTokenizerFast:
    """The tokenizer that goes with a language model: T5's ends a text, OPT's and Llama's begin it."""
    marks, template = {
        "t5": (T5_MARKS, "$A </s>"),
        "opt": (OPT_MARKS, "</s> $A"),
        "llama": (LLAMA_MARKS, "<s> $A"),
    }[kind]
    return tokenizer(marks, ["<image>"], template)


def blip2(kind: str, folder: Path) -> Path:
    """BLIP-2 with a language model of `kind` t5 or opt."""
    words = words_of(kind)
    bridge = {key: value for key, value in VISION.items() if key != "intermediate_size"}
    config = tf.Blip2Config(
        vision_config=tf.Blip2VisionConfig(**VISION, **PICTURE).to_dict(),
        qformer_config=tf.Blip2QFormerConfig(
            **bridge, intermediate_size=32, vocab_size=8, encoder_hidden_size=24, cross_attention_frequency=2
        ).to_dict(),
        text_config=text_model(kind, words),
        num_query_tokens=QUERIES,
        image_token_index=words.convert_tokens_to_ids("<image>"),
    )
    processor = tf.Blip2Processor(tf.BlipImageProcessor(**SQUARE), words, num_query_tokens=QUERIES)
    return save(folder, tf.Blip2ForConditionalGeneration(config), processor)


def instructblip(kind: str, folder: Path) -> Path:
    """InstructBLIP, whose Q-Former reads the question too, with a language model of `kind` t5 or llama."""
    words, readers = words_of(kind), bert_words()
    config = tf.InstructBlipConfig(
        vision_config=tf.InstructBlipVisionConfig(**VISION, **PICTURE).to_dict(),
        qformer_config=tf.InstructBlipQFormerConfig(
            **VISION, vocab_size=len(readers), cross_attention_frequency=2, max_position_embeddings=64
        ).to_dict(),
        text_config=text_model(kind, words),
        num_query_tokens=QUERIES,
        image_token_index=words.convert_tokens_to_ids("<image>"),
    )
    processor = tf.InstructBlipProcessor(tf.BlipImageProcessor(**SQUARE), words, readers, num_query_tokens=QUERIES)
    return save(folder, tf.InstructBlipForConditionalGeneration(config), processor)


def bert_words() -> tf.PreTrainedTokenizerFast:
    """A tokenizer that puts every text between [CLS] and [SEP]; BLIP's decoders begin with [DEC]."""
    return tokenizer(BERT_MARKS, ["[DEC]"], "[CLS] $A [SEP]")


def blip(kind: type[tf.PreTrainedModel], folder: Path) -> Path:
    """BLIP of the class `kind`; its tokenizer knows no end token, its configuration calls [SEP] so."""
    words = bert_words()
    # The decoder reads what the reader of questions gives where the captioner's reads patches: both are as wide.
    vision = VISION | {"hidden_size": TEXT["hidden_size"]}
    marks = {"bos_token_id": words.convert_tokens_to_ids("[DEC]"), "sep_token_id": words.sep_token_id}
    text = tf.BlipTextConfig(
        **TEXT, **marks, vocab_size=len(words), pad_token_id=0, eos_token_id=2, max_position_embeddings=64
    )
    config = tf.BlipConfig(
        text_config=text.to_dict(), vision_config=tf.BlipVisionConfig(**vision, **PICTURE).to_dict(), projection_dim=8
    )
    return save(folder, kind(config), tf.BlipProcessor(tf.BlipImageProcessor(**SQUARE), words))


def llava(folder: Path) -> Path:
    """LLaVA 1.5: the last but one layer of CLIP without its class token, a projector, Llama."""
    words = words_of("llama")
    config = tf.LlavaConfig(
        vision_config=tf.CLIPVisionConfig(**VISION, **PICTURE),
        text_config=tf.LlamaConfig(**text_model("llama", words)),
        image_token_id=words.convert_tokens_to_ids("<image>"),
        vision_feature_layer=-2,
        vision_feature_select_strategy="default",
    )
    processor = tf.LlavaProcessor(
        tf.CLIPImageProcessor(size={"shortest_edge": 16}, crop_size={"height": 16, "width": 16}),
        words,
        patch_size=8,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
    )
    return save(folder, tf.LlavaForConditionalGeneration(config), processor)


def paligemma(folder: Path) -> Path:
    """PaliGemma: SigLIP, one projection, Gemma that reads picture and question in both directions."""
    words = tokenizer(LLAMA_MARKS | {"bos_token": "<bos>", "eos_token": "<eos>"}, {"image_token": "<image>"})
    pictures = tf.SiglipImageProcessor(**SQUARE)
    pictures.image_seq_length = 4
    processor = tf.PaliGemmaProcessor(pictures, words)
    config = tf.PaliGemmaConfig(
        vision_config=tf.SiglipVisionConfig(**VISION, **PICTURE, vision_use_head=False),
        text_config=tf.GemmaConfig(**numbers(words), **TEXT, num_key_value_heads=1, head_dim=8),
        image_token_index=words.convert_tokens_to_ids("<image>"),
        projection_dim=16,
        hidden_size=16,
    )
    return save(folder, tf.PaliGemmaForConditionalGeneration(config), processor)


def florence2(folder: Path) -> Path:
    """Florence-2: four stages of DaViT, a projection, BART."""
    marks = {"bos_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>", "cls_token": "<s>"}
    words = tokenizer(marks, {"image_token": "<image>"}, "<s> $A </s>")
    stages = {"embed_dim": [8, 8, 16, 24], "num_heads": [2, 2, 2, 2], "num_groups": [2, 2, 2, 2], "window_size": 2}
    sides = {"d_model": 16, "encoder_ffn_dim": 32, "decoder_ffn_dim": 32, "encoder_layers": 2, "decoder_layers": 2}
    heads = {"encoder_attention_heads": 2, "decoder_attention_heads": 2, "max_position_embeddings": 64}
    config = tf.Florence2Config(
        vision_config=tf.Florence2VisionConfig(**stages, depths=[1, 1, 2, 1], projection_dim=16),
        text_config=tf.BartConfig(**numbers(words), **sides, **heads, decoder_start_token_id=words.eos_token_id),
        image_token_id=words.convert_tokens_to_ids("<image>"),
    )
    # A picture of 64 by 64 is 2 by 2 after strides of 4, 2, 2 and 2; one more token is their mean.
    pictures = tf.CLIPImageProcessor(size={"height": 64, "width": 64}, do_center_crop=False)
    pictures.image_seq_length = 5
    model = tf.Florence2ForConditionalGeneration(config)
    model.generation_config.forced_bos_token_id = words.bos_token_id
    return save(folder, model, tf.Florence2Processor(pictures, words))


FAMILIES = (
    Family("BLIP-2 (FlanT5)", partial(blip2, "t5"), "Blip2ForConditionalGeneration"),
    Family("BLIP-2 (OPT)", partial(blip2, "opt"), "Blip2ForConditionalGeneration"),
    Family("InstructBLIP (FlanT5)", partial(instructblip, "t5"), "InstructBlipForConditionalGeneration"),
    Family("InstructBLIP (Vicuna)", partial(instructblip, "llama"), "InstructBlipForConditionalGeneration"),
    Family("BLIP (questions)", partial(blip, tf.BlipForQuestionAnswering), "BlipForQuestionAnswering"),
    Family("BLIP (captions)", partial(blip, tf.BlipForConditionalGeneration), "BlipForConditionalGeneration"),
    Family("LLaVA", llava, "LlavaForConditionalGeneration"),
    Family("PaliGemma", paligemma, "PaliGemmaForConditionalGeneration"),
    Family("Florence-2", florence2, "Florence2ForConditionalGeneration"),
)
