// The map's twin: every matrix as a row, sortable, with the same selection.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { state } = app;
  const size = (info) => info.rows * info.cols;
  const value = (layer) => (state.table?.prunable[layer] ? app.sparsity(layer) : 0);
  const score = (layer) => (state.measured ? state.measured.scores[layer] : state.grid.layers[layer].score);
  const before = (layer) => (state.pinned ? state.pinned.sparsity[layer] : 0);

  // What a column is called, says, and is sorted by; `live` ones change with the recipe, `paired` ones need an A, `single` ones give way to them.
  const COLUMNS = [
    { name: "modality", key: "page.table.modality", text: (i, info) => state.grid.bands[info.band].title, by: (i, info) => info.band },
    { name: "block", key: "page.table.block", text: (i, info) => blockWords(info), by: (i) => i },
    { name: "words", key: "page.table.words", text: (i, info) => matrixWords(info), by: (i, info) => info.band * 1000 + info.row },
    { name: "shape", key: "page.table.shape", text: (i, info) => `${app.number(info.rows)} × ${app.number(info.cols)}`, by: (i, info) => info.rows, single: true },
    { name: "weights", key: "page.table.weights", text: (i, info) => app.short(size(info)), by: (i, info) => size(info), single: true },
    { name: "score", key: "page.table.score", text: (i) => app.views.score.fact(i)[1], by: score, live: true },
    { name: "sparsity", key: "page.table.sparsity", text: (i) => app.share(value(i)), by: value, live: true },
    { name: "before", key: "page.table.before", text: (i) => app.share(before(i)), by: before, live: true, paired: true },
    { name: "change", key: "page.table.change", text: (i) => app.points(value(i) - before(i)), by: (i) => value(i) - before(i), live: true, paired: true },
    { name: "kept", key: "page.table.kept", text: (i, info) => app.short(kept(i, info)), by: kept, live: true },
    { name: "state", key: "page.table.state", text: (i) => app.list(app.stateWords(i)), by: (i) => app.list(app.stateWords(i)), live: true },
  ];
  // On a phone what matters first; with an A in the table, two columns less, so that the difference is in sight.
  const NARROW = window.matchMedia("(max-width: 820px)");
  const FIRST = ["words", "sparsity", "before", "change", "block"];
  const place = ({ name }) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  const inOrder = () => (NARROW.matches ? [...COLUMNS].sort((a, b) => place(a) - place(b)) : COLUMNS);
  const LEFT = ["modality", "block", "words", "state"];

  /** The stack and the block's number in it, as above and below the map. */
  function blockWords(info) {
    const stack = state.grid.bands[info.band].stacks[info.stack];
    return `${stack.title} ${stack.columns[info.column] + 1 || ""}`.trim();
  }

  /** What the matrix does, as to the left of the map. */
  function matrixWords(info) {
    const row = state.grid.bands[info.band].rows[info.row];
    return row.part ? `${row.part}, ${row.word}` : row.word;
  }

  /** Weights kept: the authority's count where it has confirmed. */
  function kept(layer, info) {
    const sure = app.confirmed();
    return sure ? sure.kept[layer] : size(info) * (1 - value(layer));
  }

  function makeHeads(columns, sort) {
    return columns.map((column) => {
      const button = app.el("button", "", app.say(column.key));
      button.type = "button";
      button.addEventListener("click", () => sort(column));
      const head = app.el("th", classes(column), "", [button]);
      if (column.name === "change") head.title = app.say("page.table.change_title");
      head.scope = "col";
      head.dataset.column = column.name;
      return head;
    });
  }

  const classes = (column) => [LEFT.includes(column.name) ? "" : "number", column.paired ? "paired" : "", column.single ? "single" : ""].join(" ").trim();

  function makeRow(columns, layer) {
    const info = state.grid.layers[layer];
    const cells = columns.map((column) => {
      const cell = app.el(column.name === "words" ? "th" : "td", classes(column), column.live ? "" : column.text(layer, info));
      cell.dataset.column = column.name;
      if (column.name === "words") cell.scope = "row";
      return cell;
    });
    const row = app.el("tr", "", "", cells);
    row.style.setProperty("--band", state.grid.bands[info.band].colour);
    row.dataset.layer = layer;
    row.setAttribute("aria-label", info.words);
    row.tabIndex = -1;
    return row;
  }

  /** Layers in the order of a column; equal ones as the model runs them, unknown ones last. */
  function ordered(column, descending) {
    const sign = descending ? -1 : 1;
    const keys = state.grid.layers.map((info, layer) => column.by(layer, info));
    const unknown = (layer) => Number(Number.isNaN(keys[layer]));
    const compare = (a, b) => unknown(a) - unknown(b) || (keys[a] < keys[b] ? -sign : keys[a] > keys[b] ? sign : a - b);
    return keys.map((_, layer) => layer).sort(compare);
  }

  app.tableTwin = () => {
    const filter = app.el("input");
    const count = app.el("output");
    const body = app.el("tbody");
    const table = app.el("table");
    const scroller = app.el("div", "scroller", "", [table]);
    const label = app.el("label", "", app.say("page.table.filter"), [filter]);
    const box = app.el("div", "twin", "", [app.el("div", "line", "", [label, count]), scroller]);
    box.hidden = true;
    let columns = [], heads = [], rows = [], grid = null, shown = -1, column = COLUMNS[1], descending = false, order = "";
    filter.type = "search";
    count.setAttribute("role", "status");
    const top = app.el("tr");
    table.append(app.el("caption", "voice", app.say("page.table.caption")), app.el("thead", "", "", [top]), body);

    function sort(chosen) {
      descending = chosen === column && !descending;
      column = chosen;
      arrange();
    }

    /** Whether there is more to the right: the edge fades then. */
    function edge() {
      box.dataset.more = scroller.scrollLeft + scroller.clientWidth < scroller.scrollWidth - 1;
    }

    /** Rows in the chosen order; the document is touched only where that has changed. */
    function arrange() {
      heads.forEach((head, i) => {
        if (columns[i] === column) head.setAttribute("aria-sort", descending ? "descending" : "ascending");
        else head.removeAttribute("aria-sort");
      });
      const layers = ordered(column, descending);
      if (layers.join() === order) return;
      order = layers.join();
      const held = document.activeElement;
      body.append(...layers.map((layer) => rows[layer]));
      if (body.contains(held)) held.focus({ preventScroll: true });
    }

    /** Hide what the filter's words are not found in. */
    function sift() {
      const wanted = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      rows.forEach((row, layer) => {
        const text = `${row.textContent} ${state.grid.layers[layer].words} ${state.grid.layers[layer].name}`.toLowerCase();
        row.hidden = !wanted.every((word) => text.includes(word));
      });
      const found = rows.filter((row) => !row.hidden).length;
      count.textContent = app.say("page.table.count", { found, all: rows.length });
      box.dataset.found = found;
      enter();
    }

    /** One row takes the Tab key: the selected one, or the first where that is hidden. */
    function enter() {
      const open = [...body.children].find((row) => !row.hidden);
      const chosen = rows[state.selected];
      for (const row of rows) row.tabIndex = -1;
      const stop = chosen && !chosen.hidden ? chosen : open;
      if (stop) stop.tabIndex = 0;
    }

    function fill() {
      rows.forEach((row, layer) => columns.forEach((entry, place) => {
        if (!entry.live || (entry.paired && !state.pinned)) return;
        const text = entry.text(layer, state.grid.layers[layer]);
        if (row.cells[place].textContent !== text) row.cells[place].textContent = text;
      }));
      table.classList.toggle("unpaired", !state.pinned);
      table.classList.toggle("compared", Boolean(state.pinned));
      if (column.live) arrange();
      box.dataset.shown = state.row;
    }

    function build() {
      grid = state.grid;
      [shown, order] = [-1, ""];
      columns = inOrder();
      heads = makeHeads(columns, sort);
      top.replaceChildren(...heads);
      rows = grid.layers.map((_, layer) => makeRow(columns, layer));
      body.replaceChildren(...rows);
      fill();
      arrange();
      sift();
    }

    function mark() {
      if (shown === state.selected) return;
      body.querySelector("[aria-current]")?.removeAttribute("aria-current");
      shown = state.selected;
      rows[shown]?.setAttribute("aria-current", "true");
      rows[shown]?.scrollIntoView({ block: "nearest" });
      enter();
    }

    function walk(event) {
      const open = [...body.children].filter((row) => !row.hidden);
      const from = open.indexOf(event.target.closest("tr"));
      const to = { ArrowUp: from - 1, ArrowDown: from + 1, Home: 0, End: open.length - 1 }[event.key];
      if (to === undefined || from < 0) return;
      event.preventDefault();
      const row = open[Math.max(0, Math.min(open.length - 1, to))];
      app.select(Number(row.dataset.layer));
      row.focus();
    }

    filter.addEventListener("input", sift);
    scroller.addEventListener("scroll", edge, { passive: true });
    const resized = new ResizeObserver(edge);
    for (const node of [scroller, table]) resized.observe(node);
    NARROW.addEventListener("change", () => {
      grid = null; // other columns: built again when it is shown
      app.tell();
    });
    body.addEventListener("keydown", walk);
    body.addEventListener("click", (event) => {
      const row = event.target.closest("tr");
      if (row) app.select(Number(row.dataset.layer));
    });
    app.on(box, () => {
      const hidden = state.twin !== "table" || !(state.table || state.measured);
      const opens = box.hidden && !hidden;
      box.hidden = hidden;
      if (hidden) return;
      if (grid !== state.grid) build();
      else if (opens) fill();
      if (opens) shown = -1; // scrolls to the row that was selected meanwhile
      mark();
    });
    // Never with every move: hundreds of cells of text cost more than a frame.
    app.rest(box, () => !box.hidden && grid === state.grid && fill());
    const focus = () => (rows[state.selected] && !rows[state.selected].hidden ? rows[state.selected] : filter).focus();
    return { box, focus };
  };
})();
