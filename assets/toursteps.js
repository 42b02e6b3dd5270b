// The eight steps of the tour: what each is about, by what the page's state shows that it was done, and what to see then.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { state, say, share } = app;
  const ENOUGH = 3; // matrices to look at until the map counts as read
  const ROOM = 10; // percentage points from the target to the cap, as the page opens
  const SAME = 0.0005; // sparsities this close read the same to a tenth of a per cent

  const knobs = () => state.table?.knobs;
  const asking = () => Boolean(document.getElementById("ask")?.offsetParent);
  const prunable = () => state.grid.layers.map((_, layer) => layer).filter((layer) => state.table.prunable[layer]);
  const parts = () => state.table.modalities.filter((part) => part.prunable);
  const titleOf = (name) => state.grid.bands.find((band) => band.modality === name).title;

  /** The two matrices with the least and with the most zeros, and these. */
  function ends() {
    const some = prunable();
    const by = (better) => some.reduce((best, layer) => (better(app.sparsity(layer), app.sparsity(best)) ? layer : best), some[0]);
    const [spared, most] = [by((one, other) => one < other), by((one, other) => one > other)];
    return { spared, most, low: app.sparsity(spared), high: app.sparsity(most) };
  }

  /** What each prunable part of the model keeps, in words. */
  function keeps() {
    const words = parts().map((part) => say("page.tour.keeps", { part: titleOf(part.name), share: share(part.kept[state.row] / part.size) }));
    return app.list(words);
  }

  const unscored = () => (state.table ? "" : say("page.tour.why.scores"));
  const free = () => unscored() || (knobs().pattern === "unstructured" ? "" : say("page.tour.why.pattern", { pattern: knobs().pattern }));
  const model = () => (state.status !== "error" && asking() ? "" : say("page.tour.why.model"));

  const ask = {
    title: "page.tour.ask.title",
    about: ["#ask", "#question"],
    shows: ["#answers"],
    why: model,
    todo: () => say("page.tour.ask.todo"),
    done: () => state.answers?.state === "done" && state.answers.dense !== null,
    seen() {
      const { dense, b, percent_b } = state.answers;
      const facts = { dense: app.strips.quoted(dense), pruned: app.strips.quoted(b), percent: `${percent_b}%` };
      return say(dense === b ? "page.tour.ask.same" : "page.tour.ask.differ", facts);
    },
  };

  const uniform = {
    title: "page.tour.uniform.title",
    about: ["#allocator", "#target"],
    shows: ["#map"],
    why: free,
    todo: () => say("page.tour.uniform.todo", { percent: `${state.row}%` }),
    done: () => knobs().allocator === "uniform" && state.row === 50,
    seen: () => say("page.tour.uniform.seen", { keeps: keeps() }),
  };

  const looked = new Set();
  let selected = -1, last = -1;

  /** A matrix has been pointed at, or selected. */
  function look(layer) {
    if (layer < 0 || looked.has(layer)) return;
    looked.add(layer);
    last = layer;
    app.tell();
  }

  const read = {
    title: "page.tour.read.title",
    about: ["#map"],
    why: unscored,
    begin() {
      looked.clear();
      selected = state.selected;
    },
    look,
    todo: () => say("page.tour.read.todo", { seen: Math.min(looked.size, ENOUGH), all: ENOUGH }),
    done() {
      if (state.selected !== selected) look((selected = state.selected));
      return looked.size >= Math.min(ENOUGH, state.grid.layers.length);
    },
    seen() {
      const { words, rows, cols } = state.grid.layers[last];
      const facts = { words, zeros: share(state.table.prunable[last] ? app.sparsity(last) : 0), weights: app.number(rows * cols) };
      return say("page.tour.read.seen", facts);
    },
  };

  const importance = {
    title: "page.tour.importance.title",
    about: ["#allocator"],
    shows: ["#map"],
    why: free,
    todo: () => say("page.tour.importance.todo"),
    done: () => knobs().allocator === "ecoflap",
    seen() {
      const { low, high } = ends();
      return say("page.tour.importance.seen", { percent: `${state.row}%`, keeps: keeps(), low: share(low), high: share(high) });
    },
  };

  const spared = {
    title: "page.tour.spared.title",
    about: ["#map"],
    shows: ["#layer .facts", "#layer .words"],
    why() {
      if (!state.table) return unscored();
      const { low, high } = ends();
      return high - low < SAME ? say("page.tour.why.equal") : "";
    },
    /** Found is what one has looked for: what is selected already is changed to the opposite. */
    begin() {
      const { low, high, most } = ends();
      if (high - low >= SAME && this.done()) app.select(most);
    },
    todo() {
      const layer = state.selected;
      if (layer < 0) return say("page.tour.spared.find");
      return say("page.tour.spared.todo", { words: state.grid.layers[layer].words, zeros: share(app.sparsity(layer)) });
    },
    done: () => Boolean(state.table.prunable[state.selected]) && app.sparsity(state.selected) - ends().low < SAME,
    seen() {
      const { words } = state.grid.layers[state.selected];
      const { low, high } = ends();
      return say("page.tour.spared.seen", { words, low: share(low), high: share(high) });
    },
  };

  let wide = null; // the widest distance of the cap from the target since the step began, and what was at the cap then

  /** Percentage points from the target to the cap. */
  const room = () => Math.round(10000 * state.table.caps[state.row]) / 100 - state.row;

  const cap = {
    title: "page.tour.cap.title",
    about: ["#margin", "#cap", "#cap-mode"],
    shows: ["#map"],
    why: free,
    begin: () => (wide = null),
    todo() {
      const { low, high } = ends();
      const facts = { cap: share(state.table.caps[state.row], 0), capped: state.table.capped[state.row], all: prunable().length, low: share(low), high: share(high) };
      return say(room() > 0 ? "page.tour.cap.todo" : "page.tour.cap.raise", facts);
    },
    done() {
      const now = { room: room(), cap: state.table.caps[state.row], capped: state.table.capped[state.row] };
      if (!wide || now.room > wide.room) wide = now;
      return now.room < wide.room && now.capped > wide.capped;
    },
    seen() {
      const { table, row } = state;
      const facts = { cap: share(table.caps[row], 0), before: share(wide.cap, 0), capped: table.capped[row], were: wide.capped, all: prunable().length };
      return say("page.tour.cap.seen", { ...facts, keeps: keeps() });
    },
  };

  /** Whether the cap leaves too little for anybody to pay for a lock. */
  const tight = () => room() < ROOM && state.table.caps[state.row] < 1;
  const loosen = () => app.restore({ ...app.snapshot(), cap_mode: "margin", margin: ROOM });

  const lock = {
    title: "page.tour.lock.title",
    about: ["#history .modalities"],
    offer: () => (tight() ? { words: "page.tour.lock.loosen", act: loosen } : null),
    shows: ["#strip .wide"],
    why: () => free() || (parts().length > 1 ? "" : say("page.tour.why.one", { part: titleOf(parts()[0].name) })),
    held: () => parts().find((part) => part.name in knobs().overrides),
    todo: () => say(tight() ? "page.tour.lock.tight" : "page.tour.lock.todo"),
    done: () => Boolean(lock.held()),
    seen() {
      const { name } = lock.held();
      return say("page.tour.lock.seen", { part: titleOf(name), zeros: share(knobs().overrides[name]), percent: `${state.row}%`, keeps: keeps() });
    },
  };

  /** Whether locks or the cap may leave the ladder without steps. */
  const bound = () => tight() || Object.keys(knobs().overrides).length > 0;

  /** The strip that says most: one that broke, else any. */
  const climbed = () => state.ladder.strips.find((strip) => strip.wrong_from !== null) ?? state.ladder.strips[0];

  const ladder = {
    title: "page.tour.ladder.title",
    about: ["#ladder .action:first-child"],
    offer: () => (bound() ? { words: "page.tour.ladder.reset", act: () => document.getElementById("reset").click() } : null),
    shows: ["#ladder .plot"],
    why: () => model() || free(),
    todo: () => say(state.ladder?.state === "busy" ? "page.tour.ladder.busy" : bound() ? "page.tour.ladder.bound" : "page.tour.ladder.todo"),
    done: () => Boolean(state.ladder) && state.ladder.state === "done" && !state.ladder.stale && state.ladder.strips.length > 0,
    seen() {
      const { allocator, right_to, wrong_from, rungs } = climbed();
      const facts = { allocator: app.strips.titleOf(allocator), right: `${right_to}%`, wrong: `${wrong_from}%` };
      if (!rungs.length) return say("page.tour.ladder.none");
      if (wrong_from === null) return say("page.tour.ladder.always", facts);
      return say(right_to === null ? "page.tour.ladder.first" : "page.tour.ladder.broke", facts);
    },
  };

  app.tourSteps = [ask, uniform, read, importance, spared, cap, lock, ladder];
})();
