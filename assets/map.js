// The allocation map: three bands by modality, x = block depth, y = operator; hover, click and focus inspect a layer.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { state } = app;
  let heldTable = null, held = [];

  /** By layer: the name of the lock that holds it, or null; looked up once per table. */
  function locks() {
    if (state.table !== heldTable) {
      heldTable = state.table;
      held = state.table ? state.grid.layers.map((_, layer) => app.locked(layer)) : [];
    }
    return held;
  }

  /** What a layer is besides its sparsity: at the cap, locked, kept whole; in words. */
  app.stateWords = (layer) => {
    if (!state.table) return [];
    const info = state.grid.layers[layer], lock = locks()[layer];
    if (!state.table.prunable[layer]) return [app.say("page.state.whole")];
    const words = app.capped(layer) ? [app.say("page.state.capped")] : [];
    if (lock === info.name) words.push(app.say("page.state.locked"));
    else if (lock) words.push(app.say(lock === info.block ? "page.state.block" : "page.state.modality"));
    return words;
  };

  app.counts = () => ({
    capped: state.grid.layers.filter((_, layer) => state.table.prunable[layer] && app.capped(layer)).length,
    locked: locks().filter((name) => name !== null).length,
  });

  /** The tooltip's lines: what the view shows first, then what is known of the layer, then locks. */
  function lines(layer) {
    const facts = state.table ? app.facts(layer) : [];
    const [word, value] = app.viewFact(layer);
    const shown = app.viewed() === "sparsity" ? facts : [[word, value], ...facts.filter(([key]) => key !== word)];
    return [
      app.el("strong", "", state.grid.layers[layer].words),
      ...shown.map(([key, text]) => app.el("div", "", `${key}: ${text}`)),
      ...app.stateWords(layer).map((text) => app.el("div", "", text)),
    ];
  }

  /** How much larger than its own pixels a node is shown, by its box in the window. */
  const zoomed = (box, node) => box.width / node.offsetWidth || 1;

  function makeCanvas() {
    const canvas = app.el("canvas", "chart");
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "application");
    canvas.setAttribute("aria-label", app.say("page.map.aria"));
    canvas.setAttribute("aria-describedby", "map-hint map-caption");
    return canvas;
  }

  /** The box with the facts beside the pointer or the selected cell. */
  function makeTip() {
    const tip = app.el("div", "tip");
    let layer = -1;
    const hide = () => {
      layer = -1;
      tip.style.display = "none";
    };
    const show = (now, x, y, shape) => {
      layer = now;
      tip.style.display = "block";
      app.looked?.(layer);
      tip.replaceChildren(...lines(layer));
      tip.style.left = `${Math.max(0, Math.min(x + 14, shape.width - tip.offsetWidth))}px`;
      tip.style.top = `${y + 18 + tip.offsetHeight > shape.height ? Math.max(0, y - tip.offsetHeight - 10) : y + 18}px`;
    };
    const refresh = () => layer >= 0 && tip.replaceChildren(...lines(layer));
    return { tip, hide, show, refresh };
  }

  app.mount.map = ({ element, trigger, props, watch }) => {
    state.grid = JSON.parse(props.grid);
    state.ramp = app.ramp(props.palette);
    app.looks.dress();
    const canvas = makeCanvas(), paper = document.createElement("canvas"), tip = makeTip();
    const pen = canvas.getContext("2d");
    const root = element.querySelector(".mount");
    const holder = app.el("div", "holder", "", [canvas, tip.tip]);
    const table = app.tableTwin();
    const keys = app.mapKeys({ root, canvas, table, inspect, shape: () => shape });
    const head = app.mapHead(keys.help);
    head.caption.id = "map-caption";
    root.replaceChildren(...head.nodes, holder, table.box, head.caption, ...keys.nodes);
    let shape = null, grid = null, kit = null;

    function resize() {
      const width = Math.floor(holder.clientWidth);
      if (!width) return;
      app.looks.dress();
      head.refresh();
      const box = holder.getBoundingClientRect();
      const zoom = zoomed(box, holder);
      const room = Math.max(330, (window.innerHeight - box.top - window.scrollY) / zoom - head.caption.offsetHeight - 24);
      grid = state.grid;
      shape = app.layout.place(grid, width, room, app.labels.wordWidths(pen, grid));
      const scale = (window.devicePixelRatio || 1) * zoom;
      for (const sheet of [canvas, paper]) {
        sheet.width = Math.round(shape.width * scale);
        sheet.height = Math.round(shape.height * scale);
        sheet.getContext("2d").setTransform(scale, 0, 0, scale, 0, 0);
      }
      canvas.style.height = `${shape.height}px`;
      table.box.style.height = `${shape.height + head.legend.offsetHeight + 8}px`;
      kit = app.draw.tools(element, shape, scale);
      app.labels.drawLabels(paper.getContext("2d"), grid, shape, kit.ink);
      draw();
    }

    function paint(view) {
      pen.clearRect(0, 0, shape.width, shape.height);
      pen.drawImage(paper, 0, 0, shape.width, shape.height);
      app.draw.cells(pen, view, kit, locks());
      const worst = view.worst?.();
      if (worst) app.draw.drawWorst(pen, kit, worst);
      if (state.selected >= 0) app.draw.drawMark(pen, shape.rects[state.selected], kit.ink);
    }

    /** What is shown, for tests and for other scripts. */
    function note() {
      const data = canvas.dataset;
      Object.assign(data, { cells: state.grid.layers.length, view: app.viewed() });
      if (state.measured && data.view === "score") data.measured = app.measuredCount();
      else delete data.measured;
      data.selected = state.selected < 0 ? "" : state.grid.layers[state.selected].name;
      if (!state.table) return;
      Object.assign(data, { target: state.percent, shown: state.row, table: state.table.key, ...app.counts() });
      data.first = app.sparsity(0).toFixed(4);
    }

    function draw() {
      root.dataset.twin = state.twin;
      holder.hidden = state.twin !== "map";
      app.looks.measure();
      head.refresh();
      if (grid !== state.grid) return resize(); // other layers: nothing stands where it stood
      if (!shape) return;
      if (state.twin === "map") paint(app.views[app.viewed()]);
      tip.refresh();
      note();
    }

    /** Where a layer's cell is on the canvas, in its own pixels. */
    app.mapPlace = (layer) => kit.boxes[layer];

    function at(event) {
      const box = canvas.getBoundingClientRect();
      const zoom = zoomed(box, canvas);
      const x = (event.clientX - box.left) / zoom, y = (event.clientY - box.top) / zoom;
      const layer = shape ? shape.rects.findIndex((r) => x >= r.x && x < r.x + r.w && y >= r.y && y < r.y + r.h) : -1;
      return { layer, x, y };
    }

    /** Show the facts of the selected cell beside it. */
    function inspect() {
      if (state.selected < 0 || !shape) return;
      const r = shape.rects[state.selected];
      tip.show(state.selected, r.x + r.w, r.y + r.h / 2, shape);
    }

    canvas.addEventListener("mousemove", (event) => {
      const { layer, x, y } = at(event);
      canvas.style.cursor = layer < 0 ? "default" : "pointer";
      if (layer < 0) tip.hide();
      else tip.show(layer, x, y, shape);
    });
    canvas.addEventListener("mouseleave", tip.hide);
    canvas.addEventListener("blur", tip.hide);
    canvas.addEventListener("focus", () => canvas.matches(":focus-visible") && inspect());
    canvas.addEventListener("click", (event) => {
      const { layer } = at(event);
      if (layer >= 0) app.select(layer);
    });
    new ResizeObserver(resize).observe(holder);
    for (const node of [document.body, document.documentElement]) {
      new MutationObserver(resize).observe(node, { attributes: true, attributeFilter: ["class"] });
    }
    app.send = trigger;
    watch("value", () => {
      // Another model, or one that was scored after the page had been built, brings its layers with its first table.
      if (props.value && props.value.grid) app.regrid(props.value.grid);
      app.adopt(props.value);
      app.arrived();
    });
    app.on(element, draw);
    app.adopt(props.value);
    app.on(element, () => {
      // Without scores there are no figures; layers of which nothing is known yet are a map that can fill.
      document.documentElement.classList.toggle("unscored", !state.table);
      document.documentElement.classList.toggle("unmapped", !state.table && !state.grid.layers.length);
    });
  };
})();
