"""A config.json of a stranger: absurd depths, nested without end, kernels for attention."""

import json
import shutil

import pytest

from ecoflap.errors import EcoflapError
from ecoflap.models import huggingface, registry
from ecoflap.models.huggingface.configuration import config_of
from ecoflap.types import Loading

CPU = Loading("cpu")


def changed(source, target, **facts):
    """A copy of a model's folder whose config.json says `facts` too; those in a dictionary of the part of that name."""
    shutil.copytree(source, target)
    path = target / "config.json"
    config = json.loads(path.read_text())
    for name, fact in facts.items():
        config[name] = config[name] | fact if isinstance(fact, dict) else fact
    path.write_text(json.dumps(config))
    return target


@pytest.mark.parametrize(
    "facts",
    [
        {"vision_config": {"num_hidden_layers": 10**9}},
        {"text_config": {"num_layers": 1e9}},
        {"qformer_config": {"num_hidden_layers": 2001}},
        {"depths": [2, 10**400]},
    ],
)
def test_more_layers_than_any_model_has_are_refused_before_one_is_made(t5_folder, tmp_path, facts):
    folder = changed(t5_folder, tmp_path / "m", **facts)
    with pytest.raises(
        EcoflapError, match=r"config.json of '.*' says (num_(hidden_)?layers|depths) = \S+, and no model"
    ):
        registry.open_model(str(folder), CPU)


def test_the_deepest_that_is_believed(t5_folder, tmp_path):
    folder = changed(t5_folder, tmp_path / "m", vision_config={"num_hidden_layers": 2000})
    assert config_of("x", folder, CPU).vision_config.num_hidden_layers == 2000


def test_a_configuration_nested_without_end_is_told_as_one_sentence(tmp_path):
    (tmp_path / "config.json").write_text("[" * 10**5)
    with pytest.raises(EcoflapError, match="configuration that cannot be read: it is nested too deeply. Give"):
        registry.open_model(str(tmp_path), CPU)


@pytest.mark.parametrize("value", ["someone/kernel", "flash_attention_2", "nonsense", 5])
@pytest.mark.parametrize("name", ["attn_implementation", "_attn_implementation", "_attn_implementation_internal"])
@pytest.mark.parametrize("part", [None, "vision_config"])
def test_no_kernel_is_fetched_because_a_configuration_says_so(t5_folder, tmp_path, name, value, part):
    wanted = {name: value}
    folder = changed(t5_folder, tmp_path / "m", **({part: wanted} if part else wanted))
    config = config_of("x", folder, CPU)
    found = [config, config.vision_config, config.text_config, config.qformer_config]
    assert {each._attn_implementation for each in found} == {None}
    if name == "_attn_implementation":
        module = huggingface.open_model(str(folder), CPU).module
        assert module.config.vision_config._attn_implementation in ("eager", "sdpa")


def test_plain_attention_stays_as_it_was_said(t5_folder, tmp_path):
    folder = changed(t5_folder, tmp_path / "m", _attn_implementation="eager")
    assert huggingface.open_model(str(folder), CPU).module.config._attn_implementation == "eager"


def test_trusted_code_may_want_any_kernel(t5_folder, tmp_path):
    folder = changed(t5_folder, tmp_path / "m", _attn_implementation="flash_attention_2")
    config = config_of("x", folder, Loading("cpu", trust_remote_code=True))
    assert config._attn_implementation == "flash_attention_2"
