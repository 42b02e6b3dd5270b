"""What a failed import means: the library that a model needs, and how to get it, as one sentence."""

import re
from importlib.metadata import version

from ecoflap.errors import EcoflapError

# What an error of transformers says -> the library that is missing, as pip calls it.
MISSING = {
    r"torchvision": "torchvision",
    r"num2words": "num2words",
    r"sentencepiece": "sentencepiece",
    r"protobuf": "protobuf",
    r"tiktoken": "tiktoken",
    r"accelerate": "accelerate",
    r"\btimm\b": "timm",
}


def explained(error: Exception, spec: str) -> EcoflapError | None:
    """The sentence for a library that `spec` needs and that is missing or broken; None where it is about another thing.

    A torchvision that was built for another torch cannot be imported, and everything that tries to fails with it.
    """
    text = "\n".join(str(each) for each in _chain(error))
    if re.search(r"operator torchvision::|torchvision.*(undefined symbol|circular import)", text):
        return EcoflapError("torchvision_broken", spec=spec, torch=version("torch"))
    if not re.search(r"not (found|installed)|No module named|is required|requires the", text):
        return None
    library = next((name for mark, name in MISSING.items() if re.search(mark, text, re.IGNORECASE)), None)
    return EcoflapError("library_missing", spec=spec, library=library) if library else None


def _chain(error: BaseException | None) -> list[BaseException]:
    """The error and those behind it."""
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found
