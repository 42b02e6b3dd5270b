// The recipe as a whole: locks, undo and redo, and the recipe that is pinned as A. Python decides; this remembers.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { state } = app;

  /** Every knob by name, as the shown table was made by them. */
  app.snapshot = () => ({ ...state.table.knobs, percent: state.row });

  /** Set every knob at once; the table that comes back is adopted. */
  app.restore = (values) => app.send?.("restore", { values });

  /** Fix the sparsity of layers, blocks or modalities by name, or with null give them back to the allocator. */
  app.lock = (changes) => {
    const overrides = { ...state.table.knobs.overrides };
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) delete overrides[name];
      else overrides[name] = value;
    }
    app.restore({ ...app.snapshot(), overrides });
  };

  /** The name of the override that holds a layer: its own, its block's or its modality's; null where none does. */
  app.locked = (layer) => {
    const overrides = state.table.knobs.overrides;
    const info = state.grid.layers[layer];
    return [info.name, info.block, state.grid.bands[info.band].modality].find((name) => name in overrides) ?? null;
  };

  /** Keep what is shown as A: later recipes are compared with it. */
  app.pin = () => {
    const values = app.snapshot();
    const sparsity = Float32Array.from(state.grid.layers, (_, layer) => app.sparsity(layer));
    state.pinned = { values, sparsity, key: state.table.key, percent: state.row };
    app.send?.("pin", { values });
    app.tell();
  };

  app.unpin = () => {
    state.pinned = null;
    if (state.view === "difference") state.view = "sparsity";
    app.send?.("pin", { values: null });
    app.tell();
  };

  /** Choose what the map's colours mean: sparsity, score, difference or blame. */
  app.show = (view) => {
    state.view = view;
    app.tell();
  };

  app.mount.history = () => {};
})();
