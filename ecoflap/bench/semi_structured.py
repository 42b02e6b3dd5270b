"""`python -m ecoflap.bench.semi_structured`: what 2:4 zeros give on a GPU that computes with them.

From compute capability 8.0 on, tensor cores leave out the zeros of a 2:4 pattern. PyTorch reaches them through
`torch.sparse` (semi-structured tensors, a prototype) by two libraries, cuSPARSELt and CUTLASS; both are measured
against the dense kernels, on a model's own shapes and in its whole forward pass. 4:8 and unstructured zeros have no
such kernels.
"""

import json
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Annotated, Any

import torch
import typer
from torch import nn
from torch.nn.functional import linear
from torch.sparse import SparseSemiStructuredTensorCUSPARSELT as CuSparseLt
from torch.sparse import SparseSemiStructuredTensorCUTLASS as Cutlass

from ecoflap.bench.timing import over, seconds
from ecoflap.command import run
from ecoflap.masking import Ranked, keep_mask, ranks
from ecoflap.texts import say
from ecoflap.types import Layer, Loading, pattern

PATTERN = "2:4"
LIBRARIES = {"cusparselt": CuSparseLt, "cutlass": Cutlass}
LEAST = (8, 0)
DEVICE = "cuda"
ROUNDS, WARM = 30, 3
# What a library raises that is not there, or that cannot do what the model's code asks of a tensor.
REFUSALS = (RuntimeError, NotImplementedError, AttributeError, AssertionError)
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def why_not() -> str | None:
    """Why nothing can be measured here, as a sentence; None where it can."""
    if not torch.cuda.is_available() or torch.version.hip is not None:
        return say("semi.needs", found=say("semi.no_gpu"))
    found = torch.cuda.get_device_capability()
    if found < LEAST:
        return say("semi.needs", found=f"{torch.cuda.get_device_name()} ({found[0]}.{found[1]})")
    return None if usable() else say("semi.no_kernel", torch=torch.__version__)


def usable() -> list[str]:
    """The libraries that work here, tried on a small matrix."""
    found = []
    for name in LIBRARIES:
        weight = pruned(torch.randn(128, 128, dtype=torch.bfloat16, device=DEVICE))
        try:
            linear(weight, compressed(name, weight))
        except REFUSALS:
            continue
        found.append(name)
    return found


def pruned(weight: torch.Tensor) -> torch.Tensor:
    """`weight` (rows, cols) with the two smallest of every four of a row set to zero."""
    layer = Layer("weight", "", "language", *weight.shape)
    by = Ranked(ranks(weight.float().abs(), PATTERN), PATTERN)
    return weight * keep_mask(layer, pattern.kept(PATTERN, *weight.shape), by)


def compressed(library: str, weight: torch.Tensor) -> torch.Tensor:
    """A 2:4 matrix on the GPU as a tensor that multiplies with the kernels of `library`."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The PyTorch API of SparseSemiStructuredTensor is in prototype stage")
        return LIBRARIES[library].from_dense(weight)


def fits(library: str, rows: int, cols: int, dtype: torch.dtype) -> bool:
    """Whether `library` takes a matrix of this shape and type: both sides multiples of its least ones."""
    least = LIBRARIES[library]._DTYPE_SHAPE_CONSTRAINTS.get(dtype)
    return least is not None and rows % least.sparse_min_rows == 0 and cols % least.sparse_min_cols == 0


def shapes_of(layers: tuple[Layer, ...]) -> dict[tuple[int, int], int]:
    """How many matrices there are of each shape (rows, cols), the largest first."""
    counts = Counter((layer.rows, layer.cols) for layer in layers)
    return dict(sorted(counts.items(), key=lambda item: -item[0][0] * item[0][1]))


def timed(work: Callable[[], Any]) -> float:
    """Seconds that `work` takes, the GPU's part included."""

    def whole() -> None:
        work()
        torch.cuda.synchronize()

    return seconds(whole)


@torch.no_grad()
def matrix(rows: int, cols: int, dtype: torch.dtype, tokens: int, libraries: list[str]) -> dict[str, float | None]:
    """Time of a dense Linear over that of a 2:4 one on `tokens` inputs, the median of pairs taken in turn, by library.

    Above 1 the zeros make it faster; None where the library does not take the shape or the type.
    """
    inputs = torch.randn(tokens, cols, dtype=dtype, device=DEVICE)
    weight = pruned(torch.randn(rows, cols, dtype=dtype, device=DEVICE))
    found: dict[str, float | None] = dict.fromkeys(libraries)
    for name in (name for name in libraries if fits(name, rows, cols, dtype)):
        try:
            sparse = compressed(name, weight)
            works = (lambda: linear(inputs, weight)), (lambda sparse=sparse: linear(inputs, sparse))
            pairs = [[timed(work) for work in works] for _ in range(ROUNDS + WARM)][WARM:]
        except REFUSALS:
            continue
        found[name] = over(*zip(*pairs))
    return found


@contextmanager
def swapped(linears: Mapping[str, nn.Linear], convert: Callable[[torch.Tensor], torch.Tensor]) -> Iterator[None]:
    """The weights of `linears` as `convert` makes them inside the context; the same parameters as before afterwards."""
    before = {name: module.weight for name, module in linears.items()}
    try:
        for name, module in linears.items():
            module.weight = nn.Parameter(convert(before[name].detach()), requires_grad=False)
        yield
    finally:
        for name, module in linears.items():
            module.weight = before[name]


@torch.no_grad()
def whole(model: Any, batch: Any, libraries: list[str]) -> dict[str, float | None]:
    """Time of the model's forward pass with dense kernels over that with 2:4 ones, least of each, by library.

    Layers whose shapes a library does not take stay dense. None where the model's code asks of a weight what the
    library's tensors cannot.
    """
    found: dict[str, float | None] = dict.fromkeys(libraries)

    def least(context: Any) -> float:
        with context:
            return min([timed(lambda: model.loss(batch)) for _ in range(ROUNDS + WARM)][WARM:])

    with swapped(model.linears, pruned):
        dense = least(nullcontext())
        for name in libraries:
            part = {k: m for k, m in model.linears.items() if fits(name, *m.weight.shape, m.weight.dtype)}
            try:
                found[name] = dense / least(swapped(part, lambda weight, name=name: compressed(name, weight)))
            except REFUSALS:
                continue
    return found


@app.command(help=say("semi.help"))
def measure(
    model: Annotated[str, typer.Option(help=say("cli.option.model"))] = "demo",
    calibration: Annotated[str | None, typer.Option(help=say("cli.option.calibration"))] = None,
    dtype: Annotated[str, typer.Option(help=say("semi.dtype"))] = "bfloat16",
    tokens: Annotated[int, typer.Option(help=say("semi.tokens"), min=1)] = 4096,
) -> None:
    """Print one JSON document: ratios by shape and of the forward pass, or why nothing is measured here."""
    from ecoflap.engine import Engine
    from ecoflap.models.registry import open_model

    refusal = why_not()
    if refusal is not None:
        print(json.dumps({"not_measured": refusal}, indent=1))
        return
    engine = Engine(open_model(model, Loading(DEVICE, dtype)), calibration)
    libraries, kind = usable(), engine.dtype
    batch = engine.model.encode(engine.calibration_samples().samples[:8])
    rows = [
        {"rows": rows, "cols": cols, "matrices": count} | matrix(rows, cols, kind, tokens, libraries)
        for (rows, cols), count in shapes_of(engine.model.layers).items()
    ]
    facts = {"gpu": torch.cuda.get_device_name(), "torch": torch.__version__, "dtype": str(kind), "tokens": tokens}
    print(json.dumps(facts | {"linear": rows, "forward": whole(engine.model, batch, libraries)}, indent=1))


def main() -> None:
    """Run the command."""
    run(app)


if __name__ == "__main__":
    main()
