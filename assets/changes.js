// What differs between the pinned A and B, as plain figures: groups of layers, and what each side removes of them.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { state } = app;
  const LEVELS = ["layer", "block", "model"]; // the narrowest first, as the knob calls them
  const VISIBLE = 0.0005; // half a tenth of a percentage point: what the page shows as 0.0 is no change

  const pruned = (layer) => (state.table.prunable[layer] ? app.sparsity(layer) : 0);

  /** How far a recipe tells layers apart: a pattern treats all of them alike. */
  const level = (values) => (values.pattern === "unstructured" ? LEVELS.indexOf(values.granularity) : LEVELS.length - 1);

  /** A layer's name at every level. */
  const names = (info) => [info.name, info.block, state.grid.bands[info.band].modality];
  const words = (info) => [info.words, info.block_words, state.grid.bands[info.band].title];

  /** Layers that neither recipe tells apart, so that no two lines say the same; a lock sets its layers apart. */
  app.changes = () => {
    const a = state.pinned.values;
    const b = state.table.knobs;
    const shared = Math.min(level(a), level(b));
    const locks = { ...a.overrides, ...b.overrides };
    const groups = new Map();
    state.grid.layers.forEach((info, layer) => {
      const [own, wide] = [names(info), words(info)];
      const locked = own.findIndex((name) => name in locks);
      const at = locked < 0 ? shared : Math.min(shared, locked);
      const size = info.rows * info.cols;
      const group = groups.get(own[at]) ?? { key: own[at], words: wide[at], layer, count: 0, size: 0, a: 0, b: 0 };
      group.count += 1;
      group.size += size;
      group.a += state.pinned.sparsity[layer] * size;
      group.b += pruned(layer) * size;
      groups.set(own[at], group);
    });
    return [...groups.values()].map((group) => {
      const [one, other] = [group.a / group.size, group.b / group.size];
      return { ...group, a: one, b: other, change: other - one, weights: Math.abs(other - one) * group.size };
    });
  };

  app.visible = (change) => Math.abs(change) >= VISIBLE;

  /** Over all layers: weights that only one side removes, layers that change, and by how much on average. */
  app.moved = () => {
    const found = { onlyA: 0, onlyB: 0, total: 0, layers: 0, changed: 0, mean: 0 };
    state.grid.layers.forEach((info, layer) => {
      if (!state.table.prunable[layer] && !state.pinned.table.prunable[layer]) return;
      const change = pruned(layer) - state.pinned.sparsity[layer];
      const size = info.rows * info.cols;
      found.total += size;
      found.layers += 1;
      found.changed += app.visible(change);
      found.mean += Math.abs(change);
      if (change > 0) found.onlyB += change * size;
      else found.onlyA -= change * size;
    });
    found.mean /= found.layers || 1;
    return found;
  };

  /** What a table says about one target: achieved sparsity, share kept by modality, layers at the cap. */
  app.outcome = (table, percent) => {
    const count = table.prunable.length;
    let capped = 0;
    for (let layer = 0; layer < count; layer++) capped += table.cells[percent * count + layer] & 1;
    const kept = Object.fromEntries(table.modalities.map(({ name, size, kept }) => [name, kept[percent] / size]));
    return { achieved: 1 - table.kept[percent] / table.total, kept, capped };
  };
})();
