// The recipe as a whole: locks, undo and redo, and the recipe that is pinned as A. Python decides; this remembers.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { state } = app;

  // A wish is {values, row, moves, refused}: the last three are the shown target, the hand's moves so far, and what to do.
  const wishes = app.inTurn(({ values }, ticket) => app.send("restore", { values, ticket }), ({ refused }) => refused());
  // Once more, with every knob as it is; its tickets are below zero.
  const again = app.inTurn((_, ticket) => app.send("restore", { ticket: -ticket }));
  const pins = app.inTurn(({ values }, ticket) => app.send("pin", { values, ticket }));

  /** Every knob by name, as the shown table was made by them. */
  app.snapshot = () => ({ ...state.table.knobs, percent: state.row });

  /**
   * What the next change starts from: the newest wish, so that none is lost; else the locks and the target, and Python
   * takes the other knobs as they are: one of them may have moved a moment ago, and its table is still on the way.
   */
  function wanted() {
    const wish = wishes.newest();
    if (!wish) return { overrides: state.knobs.overrides, percent: state.row };
    const moved = wish.values.percent !== wish.row;
    return { ...wish.values, percent: moved ? wish.values.percent : state.row };
  }

  /** Set the knobs in `values` at once; the table that comes is adopted. Where Python refuses, it says why and `refused` runs. */
  app.restore = (values, refused = () => {}) => {
    if (app.send) wishes.want({ values, row: state.row, moves: state.moves, refused });
  };

  /** A table or a sentence has come from Python. */
  app.answered = ({ ticket, error }) => {
    if (wishes.of(ticket) && again.waiting()) again.want({}); // what is under way may have been made before this
    wishes.answered(ticket, Boolean(error));
    again.answered(-ticket);
  };

  /**
   * Whether a table, of a knob that moved, may have been made before what is shown: answers overtake each other. Then
   * Python is asked once more, with the knobs as they are now.
   */
  app.outdated = ({ moved, error }) => {
    const doubtful = Boolean(moved && !error && state.table && wishes.recent());
    if (doubtful) again.want({});
    return doubtful;
  };

  /** Whether Python has not answered the last wish yet. */
  app.waiting = wishes.waiting;

  /** Whether the hand is on the slider, or has moved it since the wish that this table answers: its target stands then. */
  app.overtaken = ({ ticket, pattern }) => {
    if (pattern !== "unstructured") return false; // which has one target only
    const wish = wishes.of(ticket);
    return app.held() || (wish !== null && state.moves > wish.moves);
  };

  /** Fix the sparsity of layers, blocks or modalities by name, or with null give them back to the allocator. */
  app.lock = (changes) => {
    const base = wanted();
    const overrides = { ...base.overrides };
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) delete overrides[name];
      else overrides[name] = value;
    }
    app.restore({ ...base, overrides });
  };

  /** Keep a layer, a block or a modality whole; locks inside it, which would contradict that, are freed. */
  app.spare = (name) => {
    const inside = new Set(app.layersOf(name));
    const freed = Object.keys(wanted().overrides).filter((other) => app.layersOf(other).every((layer) => inside.has(layer)));
    app.lock({ ...Object.fromEntries(freed.map((other) => [other, null])), [name]: 0 });
  };

  // What a lock's name may be of, the narrowest first, as in ecoflap/allocation/pools.py; and what people call it.
  const LEVELS = [
    [(info) => info.name, (info) => info.words],
    [(info) => info.block, (info) => info.block_words],
    [(info) => state.grid.bands[info.band].modality, (info) => state.grid.bands[info.band].title],
  ];

  const levelOf = (name) => LEVELS.find(([read]) => state.grid.layers.some((info) => read(info) === name));

  /** The layers that a name means. */
  app.layersOf = (name) => {
    const level = levelOf(name);
    return level ? state.grid.layers.flatMap((info, layer) => (level[0](info) === name ? [layer] : [])) : [];
  };

  /** A lock's name in words. */
  app.lockWords = (name) => {
    const level = levelOf(name);
    return level ? level[1](state.grid.layers.find((info) => level[0](info) === name)) : name;
  };

  /** The name of the override that holds a layer: its own, its block's or its modality's; null where none does. */
  app.locked = (layer) => {
    const { overrides, pattern } = state.table.knobs;
    if (pattern !== "unstructured") return null; // a pattern decides about every layer
    const info = state.grid.layers[layer];
    return LEVELS.map(([read]) => read(info)).find((name) => name in overrides) ?? null;
  };

  /** Keep what is shown as A: later recipes are compared with it. */
  app.pin = () => {
    const values = app.snapshot();
    const sparsity = Float32Array.from(state.grid.layers, (_, layer) => app.sparsity(layer));
    state.pinned = { values, sparsity, key: state.table.key, percent: state.row, table: state.table };
    app.tellPinned(values);
    app.tell();
  };

  /** Python asks A too, so it has to know its knobs; null where nothing is pinned any more. */
  app.tellPinned = (values) => app.send && pins.want({ values });
  app.pinTold = (value) => pins.answered(value?.ticket);

  app.unpin = () => {
    state.pinned = null;
    if (state.view === "difference") state.view = "sparsity";
    app.tellPinned(null);
    app.tell();
  };

  /** Choose what the map's colours mean: sparsity, score, difference or blame. */
  app.show = (view) => {
    state.view = view;
    app.tell();
  };
})();
