// The page without a server: the target, the map, the table and the figures, all looked up in the table that the file holds.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { state, el, say } = app;
  const data = JSON.parse(document.getElementById("data").textContent);
  const { table, about, recipe } = data;
  const groups = data.groups.map((group) => ({ ...group, band: data.grid.bands.find(({ modality }) => modality === group.modality) }));
  // The store asks these of the page's other parts, of which there are none here.
  Object.assign(app, { outdated: () => false, answered: () => {}, overtaken: () => false });

  const sizeOf = ({ rows, cols }) => rows * cols;
  const pruned = (layer) => (table.prunable[layer] ? app.sparsity(layer) : 0);
  const keptOf = (layer) => Math.round(sizeOf(state.grid.layers[layer]) * (1 - pruned(layer)));

  /** What a layer is besides its sparsity, in words. */
  function stateOf(layer) {
    if (!table.prunable[layer]) return say("page.state.whole");
    return app.list([app.capped(layer) && say("page.state.capped"), data.held[layer] && say("page.alone.held")].filter(Boolean));
  }

  /** Everything that is known of a layer in one line. */
  function sentence(layer) {
    const info = state.grid.layers[layer];
    const facts = {
      name: info.words, raw: info.name, sparsity: app.share(pruned(layer)), kept: app.number(keptOf(layer)), size: app.number(sizeOf(info)),
      rows: app.number(info.rows), cols: app.number(info.cols), score: info.score === null ? "–" : Number(info.score.toPrecision(4)),
    };
    return [say("page.alone.layer", facts), stateOf(layer)].filter(Boolean).join(" ");
  }

  const view = {
    marks: { capped: true, locked: true },
    shade: (layer) => (table.prunable[layer] ? state.ramp[Math.round(app.sparsity(layer) * 255)] : "whole"),
    text: (layer) => `${Math.round(app.sparsity(layer) * 100)}%`,
    title: sentence,
    capped: app.capped,
    held: (layer) => data.held[layer],
  };

  const inks = () => {
    const style = getComputedStyle(document.documentElement);
    return Object.fromEntries(["ink", "muted", "line", "panel", "dense", "hatch"].map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  };

  function head() {
    const target = el("input");
    Object.assign(target, { type: "range", min: 0, max: 95, step: 1, value: data.percent, id: "target", disabled: table.pattern !== "unstructured" });
    target.addEventListener("input", () => app.move(Number(target.value)));
    const [value, sum, problem, label] = [el("b"), el("p", "sum"), el("p", "problem"), el("label", "", say("page.rail.target"))];
    label.htmlFor = "target";
    problem.setAttribute("role", "alert");
    const node = el("header", "", "", [
      el("h1", "", say("page.alone.title", about)), el("p", "about", say("page.alone.about", about)),
      el("div", "target", "", [label, value, target]), sum, problem,
    ]);
    app.on(node, ({ percent, row }) => {
      value.textContent = `${percent}%`;
      const achieved = 1 - table.kept[row] / table.total;
      sum.textContent = say("page.alone.achieved", {
        achieved: app.share(achieved, 2), zero: app.number(table.total - table.kept[row]), total: app.number(table.total),
        of: app.list(table.modalities.filter((part) => part.prunable).map((part) => say("page.alone.part", { part: titleOf(part.name), share: app.share(1 - part.kept[row] / part.size) }))),
      });
      problem.textContent = state.problem;
      Object.assign(node.dataset, { percent, shown: row });
    });
    return node;
  }

  const titleOf = (modality) => state.grid.bands.find((band) => band.modality === modality).title;

  /** The map, drawn again where the window has another width or the theme changes. */
  function map() {
    const [holder, key, said] = [el("div"), el("div"), el("p", "said")];
    said.setAttribute("role", "status");
    const node = el("section", "", "", [el("h2", "", say("page.map.title")), key, holder, said]);
    node.id = "map";
    let made = null, wide = 0;
    const choose = (event, act) => {
      const cell = event.target.closest("[data-layer]");
      if (cell) act(Number(cell.dataset.layer));
    };
    holder.addEventListener("click", (event) => choose(event, app.select));
    holder.addEventListener("mouseover", (event) => choose(event, (layer) => (said.textContent = sentence(layer))));
    function build() {
      wide = holder.clientWidth;
      if (!wide) return;
      const ink = inks();
      made = app.svgMap(state.grid, wide, ink);
      const root = app.svg.make("svg", { width: made.width, height: made.height, role: "img", "aria-label": say("page.map.title"), "font-family": app.svg.FONT });
      root.append(made.node);
      holder.replaceChildren(root);
      const scale = app.svgRamp(state.ramp, say("page.map.dense"), say("page.map.zero"), ink);
      const signs = app.svgSigns(ink, { whole: say("page.map.whole"), locked: say("page.alone.held") });
      const legend = app.svg.legend([scale, { mark: "outline", colour: "#d55e00", words: say("page.map.capped") }, ...signs], wide, ink);
      const strip = app.svg.make("svg", { width: wide, height: legend.height, "aria-hidden": "true", "font-family": app.svg.FONT });
      strip.append(legend.node);
      key.replaceChildren(strip);
      draw();
    }
    function draw() {
      if (!made) return;
      made.paint(view);
      made.cells.forEach(({ node: cell }, layer) => cell.classList.toggle("chosen", layer === state.selected));
      said.textContent = state.selected < 0 ? say("page.alone.hint") : sentence(state.selected);
    }
    new ResizeObserver(() => holder.clientWidth !== wide && build()).observe(holder);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", build);
    app.on(node, draw);
    return node;
  }

  /** Groups with what they are at the shown target. */
  const grouped = () => groups.map((group) => {
    const sizes = group.layers.map((layer) => sizeOf(state.grid.layers[layer]));
    const size = sizes.reduce((sum, one) => sum + one, 0);
    const gone = group.layers.reduce((sum, layer, i) => sum + sizes[i] * app.sparsity(layer), 0);
    return { ...group, colour: group.band.colour, size, sparsity: gone / size };
  });

  const lines = () => table.modalities.filter((part) => part.prunable).map((part) => ({
    words: titleOf(part.name), colour: state.grid.bands.find((band) => band.modality === part.name).colour,
    values: part.kept.map((kept, target) => (table.reachable[target] ? 1 - kept / part.size : null)),
  }));

  /** The three figures, a moment after the hand has rested. */
  function figures() {
    const cards = [["skyline", say("page.skyline.title")], ["importance", say("page.importance.title")], ["curves", say("page.curves.title")]];
    const holders = cards.map(([name, title]) => {
      const holder = el("div");
      const card = el("section", "", "", [el("h2", "", title), holder]);
      card.dataset.figure = name;
      return [card, holder];
    });
    const node = el("div", "figures", "", holders.map(([card]) => card));
    const words = { weights: say("page.alone.weights"), sparsity: say("page.axis.sparsity"), score: say("page.alone.score"), target: say("page.axis.target") };
    const draw = () => {
      const ink = inks(), cap = table.caps[state.row], now = grouped();
      const size = { width: Math.max(260, Math.min(620, holders[0][1].clientWidth)), height: 280 };
      const drawn = [
        app.svgCharts.skyline(now, cap, size, ink, words), app.svgCharts.importance(now, cap, size, ink, words),
        app.svgCharts.curves(lines(), table.caps, state.row, size, ink, words),
      ];
      drawn.forEach((chart, i) => {
        const root = app.svg.make("svg", { ...size, role: "img", "aria-label": cards[i][1], "font-family": app.svg.FONT });
        const entries = lines().map(({ words: name, colour }) => ({ mark: "", colour, words: name }));
        const cap_entry = { mark: "dash", colour: "#d55e00", words: say("page.line.cap_short") };
        const legend = app.svg.legend([...entries, cap_entry], size.width, ink);
        root.setAttribute("height", size.height + legend.height + 6);
        root.append(legend.node, app.svg.make("g", { transform: `translate(0 ${legend.height + 6})` }, [chart]));
        holders[i][1].replaceChildren(root);
      });
      node.dataset.drawn = state.row;
    };
    app.rest(node, draw, 60);
    addEventListener("resize", draw);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
    return node;
  }

  const COLUMNS = [
    ["page.alone.column.name", (layer) => state.grid.layers[layer].words, "name"],
    ["page.alone.column.part", (layer) => state.grid.bands[state.grid.layers[layer].band].title, "part"],
    ["page.alone.column.shape", (layer) => sizeOf(state.grid.layers[layer]), "number wide"],
    ["page.alone.column.score", (layer) => state.grid.layers[layer].score ?? -1, "number wide"],
    ["page.alone.column.sparsity", pruned, "number"],
    ["page.alone.column.kept", keptOf, "number"],
    ["page.alone.column.state", stateOf, "state"],
  ];

  /** All layers as rows that sort; what changes with the target follows when the hand rests. */
  function rows() {
    let order = { column: -1, down: false };
    const body = el("tbody");
    const lines = state.grid.layers.map((info, layer) => {
      const [sparsity, kept, words] = [el("td", "number"), el("td", "number"), el("td", "state")];
      const line = el("tr", "", "", [
        el("td", "name", info.words, [el("code", "", info.name)]), el("td", "part", state.grid.bands[info.band].title),
        el("td", "number wide", `${app.number(info.rows)} × ${app.number(info.cols)}`),
        el("td", "number wide", info.score === null ? "–" : String(Number(info.score.toPrecision(4)))), sparsity, kept, words,
      ]);
      line.dataset.row = layer;
      line.addEventListener("click", () => app.select(layer));
      return { line, sparsity, kept, words };
    });
    const heads = COLUMNS.map(([key, , kind], column) => {
      const button = el("button", "", say(key));
      button.type = "button";
      button.addEventListener("click", () => {
        order = { column, down: order.column === column ? !order.down : kind.startsWith("number") };
        draw();
      });
      const cell = el("th", kind, "", [button]);
      cell.scope = "col";
      return cell;
    });
    function draw() {
      lines.forEach(({ line, sparsity, kept, words }, layer) => {
        app.put(sparsity, app.share(pruned(layer)));
        app.put(kept, app.number(keptOf(layer)));
        app.put(words, stateOf(layer));
        line.classList.toggle("chosen", layer === state.selected);
      });
      const shown = lines.map((_, layer) => layer);
      const read = order.column < 0 ? (layer) => layer : COLUMNS[order.column][1];
      const values = shown.map(read);
      const compare = (a, b) => (typeof values[a] === "string" ? values[a].localeCompare(values[b]) : values[a] - values[b]);
      shown.sort((a, b) => (order.down ? compare(b, a) : compare(a, b)) || a - b);
      body.replaceChildren(...shown.map((layer) => lines[layer].line));
      heads.forEach((head, column) => {
        if (column !== order.column) head.removeAttribute("aria-sort");
        else head.setAttribute("aria-sort", order.down ? "descending" : "ascending");
      });
      node.dataset.drawn = state.row;
    }
    const box = el("div", "rows", "", [el("table", "", "", [el("thead", "", "", [el("tr", "", "", heads)]), body])]);
    box.tabIndex = 0; // it scrolls, so the keyboard has to reach it
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", say("page.alone.table"));
    const node = el("section", "", "", [el("h2", "", say("page.alone.table")), box]);
    node.id = "table";
    app.rest(node, draw, 60);
    return node;
  }

  /** What the file is and how the same is done again. */
  function notes() {
    const text = `${JSON.stringify(recipe, null, 1)}\n`;
    const save = el("button", "tool", say("page.alone.save"));
    save.type = "button";
    save.addEventListener("click", () => {
      const link = el("a");
      link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
      link.download = "recipe.json";
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
    const code = el("pre", "", text);
    code.tabIndex = 0; // it scrolls, so the keyboard has to reach it
    const details = el("details", "", "", [el("summary", "", say("page.alone.recipe")), code, save]);
    const node = el("section", "", "", [el("h2", "", say("page.alone.what")), el("p", "", say("page.alone.what.text", about)), el("p", "", say("page.alone.zeros")), details]);
    node.id = "notes";
    return node;
  }

  state.grid = data.grid;
  state.ramp = app.ramp(data.palette);
  app.adopt({ ...table, adopt: data.percent });
  state.selected = -1;
  document.getElementById("alone").replaceChildren(head(), map(), figures(), rows(), notes());
  app.tell();
})();
