"""What an allocator decides: how many weights each layer keeps."""

from dataclasses import dataclass

from ecoflap.types.layer import MODALITIES, Layer


@dataclass(frozen=True)
class Allocation:
    """Weights kept in every layer.

    Attributes:
        layers: all layers of the bundle, in execution order.
        kept: weights kept per layer; a layer outside the prunable set keeps all of its weights.
        prunable: per layer, whether it belongs to the prunable set (the denominator of `target` and `achieved`).
        group_of: per layer, the name of its group at the recipe's granularity.
        target: asked-for sparsity over the prunable set.
        cap: the largest sparsity that a group may have.
    """

    layers: tuple[Layer, ...]
    kept: tuple[int, ...]
    prunable: tuple[bool, ...]
    group_of: tuple[str, ...]
    target: float
    cap: float

    @property
    def sparsity(self) -> tuple[float, ...]:
        """Sparsity per layer."""
        return tuple(1 - kept / layer.size for layer, kept in zip(self.layers, self.kept))

    @property
    def total(self) -> int:
        """Weights in the prunable set."""
        return sum(layer.size for layer, counts in zip(self.layers, self.prunable) if counts)

    @property
    def total_kept(self) -> int:
        """Weights kept in the prunable set."""
        return sum(kept for kept, counts in zip(self.kept, self.prunable) if counts)

    @property
    def achieved(self) -> float:
        """Sparsity over the prunable set."""
        return 1 - self.total_kept / self.total

    def groups(self) -> dict[str, float]:
        """Sparsity per group of the prunable set, in execution order."""
        size: dict[str, int] = {}
        kept: dict[str, int] = {}
        for layer, count, group, counts in zip(self.layers, self.kept, self.group_of, self.prunable):
            if counts:
                size[group] = size.get(group, 0) + layer.size
                kept[group] = kept.get(group, 0) + count
        return {group: 1 - kept[group] / size[group] for group in size}

    def modalities(self) -> dict[str, tuple[int, int]]:
        """Per modality, in order: (weights kept, weights), also for modalities outside the prunable set."""
        found: dict[str, tuple[int, int]] = {}
        for modality in MODALITIES:
            rows = [(kept, layer.size) for layer, kept in zip(self.layers, self.kept) if layer.modality == modality]
            if rows:
                found[modality] = (sum(kept for kept, _ in rows), sum(size for _, size in rows))
        return found
