// The keyboard on the map and its table, the list of its keys, and the voice that says what has changed.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { state } = app;
  const KEYS = {
    "← ↑ → ↓": "page.keys.arrows",
    "Home End": "page.keys.ends",
    L: "page.keys.lock",
    "Shift L": "page.keys.lock_block",
    C: "page.keys.compare",
    S: "page.keys.twin",
    Space: "page.keys.play",
    "?": "page.keys.help",
  };

  /** The native dialog that lists the keys; closing it gives the focus back to where it was. */
  function makeDialog() {
    const rows = Object.entries(KEYS).flatMap(([keys, text]) => [
      app.el("dt", "", "", keys.split(" ").map((key) => app.el("kbd", "", key))),
      app.el("dd", "", app.say(text)),
    ]);
    const close = app.el("button", "toggle", app.say("page.keys.close"));
    close.type = "button";
    const title = app.el("h2", "", app.say("page.keys.title"));
    title.id = "keys-title";
    const dialog = app.el("dialog", "keys", "", [app.el("div", "line", "", [title, close]), app.el("dl", "", "", rows)]);
    dialog.setAttribute("aria-labelledby", title.id);
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    return dialog;
  }

  /** The first or the last layer of the row that `from` stands in. */
  function end(rects, from, key) {
    const side = key === "Home" ? -1 : 1;
    return rects.reduce((best, r, i) => (r.y === rects[from].y && (r.x - rects[best].x) * side > 0 ? i : best), from);
  }

  /** Lock a layer or its block at what it has now, to a tenth of a per cent, or free it. */
  function toggleLock(block) {
    const info = state.grid.layers[state.selected];
    if (!info || !state.table || !state.table.prunable[state.selected]) return;
    const name = block ? info.block : info.name;
    if (name in state.table.knobs.overrides) return app.lock({ [name]: null });
    const same = app.layersOf(name);
    const size = (i) => state.grid.layers[i].rows * state.grid.layers[i].cols;
    const zeros = same.reduce((sum, i) => sum + app.sparsity(i) * size(i), 0);
    const share = zeros / same.reduce((sum, i) => sum + size(i), 0);
    app.lock({ [name]: Math.round(share * 1000) / 1000 });
  }

  /** Pin what is shown as A; with an A, switch between sparsity and the difference to it. */
  function compare() {
    if (!state.table) return;
    if (!state.pinned) app.pin();
    else app.show(state.view === "difference" ? "sparsity" : "difference");
  }

  /** What the voice says of the selected layer. */
  function selectedWords() {
    const [word, value] = app.viewFact(state.selected);
    return [`${state.grid.layers[state.selected].words}.`, app.say("page.pair", { what: word, value }), ...app.stateWords(state.selected)].join(" ");
  }

  /** What the voice says of a commit: target, achieved, each modality, caps and locks. */
  function confirmedWords(sure) {
    const { table, row, grid } = state;
    const parts = table.modalities.map((part) => {
      const title = grid.bands.find((band) => band.modality === part.name).title;
      const zeros = part.prunable ? app.share(1 - part.kept[row] / part.size) : app.say("page.state.whole");
      return `${title} ${zeros}`;
    });
    const facts = { target: `${row}%`, achieved: app.share(sure.achieved), parts: app.list(parts), ...app.counts() };
    return app.say("page.voice.confirmed", facts);
  }

  /** The live region: speaks of a new selection, and of every commit that Python has confirmed, never of a move. */
  function makeVoice() {
    const voice = app.el("div", "voice");
    voice.setAttribute("aria-live", "polite");
    let layer = null, view = null, last = null;
    app.on(voice, () => {
      const sure = app.confirmed();
      // The page opens with a selection, a view and figures: nothing has changed yet.
      const opening = last === null;
      if (sure && sure !== last) {
        last = sure;
        if (!opening) voice.textContent = confirmedWords(sure);
      }
      const now = app.viewed();
      if (state.selected === layer && now === view) return;
      const silent = layer === null || state.selected < 0 || opening;
      [layer, view] = [state.selected, now];
      if (!silent) voice.textContent = selectedWords();
    });
    return voice;
  }

  app.mapKeys = ({ root, canvas, table, inspect, shape }) => {
    const dialog = makeDialog();
    const voice = makeVoice();
    const hint = app.el("p", "voice", app.say("page.keys.hint"));
    hint.id = "map-hint";
    const help = () => dialog.showModal();

    function walk(key) {
      const rects = shape()?.rects;
      if (!rects || !rects.length) return;
      const from = state.selected;
      if (from < 0) app.select(0);
      else app.select(key.startsWith("Arrow") ? app.layout.neighbour(rects, from, key) : end(rects, from, key));
      inspect();
    }

    function swap() {
      app.twin(state.twin === "map" ? "table" : "map");
      if (state.twin === "map") canvas.focus();
      else table.focus();
    }

    const acts = {
      l: (event) => toggleLock(event.shiftKey), c: compare, s: swap, " ": () => app.togglePlay(), "?": help,
      ...Object.fromEntries(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"].map((key) => [key, () => walk(key)])),
    };

    root.addEventListener("keydown", (event) => {
      const row = event.target.closest("tbody tr");
      if ((event.target !== canvas && !row) || event.ctrlKey || event.metaKey || event.altKey) return;
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      const act = row && key.length > 1 ? null : acts[key]; // the table walks through its own rows
      if (!act) return;
      event.preventDefault();
      act(event);
    });
    return { nodes: [hint, voice, dialog], help };
  };
})();
