// The allocation map: three bands by modality, x = block depth, y = operator, colour = sparsity on a fixed scale.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { HEADER, AXIS } = app.layout;
  function inks(element) {
    const style = getComputedStyle(element);
    const read = (name) => style.getPropertyValue(name).trim();
    return { ink: read("--ink"), muted: read("--muted"), line: read("--line"), dense: read("--dense"), hatch: read("--hatch"), panel: read("--panel") };
  }

  /** A row's word where there is no room for a column of parts. */
  function shortWord(row) {
    const key = { [app.say("page.part.cross")]: "cross", [app.say("page.part.channel")]: "channel", [app.say("page.part.channel_mlp")]: "channel" }[row.part];
    return key ? app.say(`page.map.short.${key}`, { word: row.word }) : row.word;
  }

  /** How wide the words to the left of the cells are: the longest part's and the longest row's. */
  function wordWidths(pen, grid) {
    pen.font = "12px system-ui, sans-serif";
    const rows = grid.bands.flatMap((band) => band.rows);
    const widest = (word) => Math.ceil(Math.max(0, ...rows.map((row) => pen.measureText(word(row)).width)));
    return { part: widest((row) => row.part), word: widest((row) => row.word), short: widest(shortWord) };
  }

  function drawLabels(pen, grid, shape, ink) {
    for (const strip of shape.list) {
      const band = grid.bands[strip.band];
      pen.textBaseline = "middle";
      pen.fillStyle = band.colour;
      pen.fillRect(0, strip.top - HEADER + 5, 4, 12);
      pen.fillStyle = ink.ink;
      pen.font = "600 13px system-ui, sans-serif";
      pen.textAlign = "left";
      const alone = shape.narrow && band.stacks.length > 1 ? ` ${band.stacks[strip.stacks[0]].title}` : "";
      pen.fillText(band.title + alone, 10, strip.top - HEADER / 2);
      if (!shape.narrow) {
        pen.font = "12px system-ui, sans-serif";
        pen.fillStyle = ink.muted;
        for (const s of strip.stacks) pen.fillText(band.stacks[s].title, strip.left[s], strip.top - HEADER / 2);
      }
      drawRows(pen, band, strip, shape, ink);
      drawAxis(pen, band, strip, shape, ink);
    }
  }

  function drawRows(pen, band, strip, shape, ink) {
    let part = null;
    strip.rows.forEach((r, line) => {
      const y = strip.top + (line + 0.5) * shape.rowHeight;
      const row = band.rows[r];
      const first = row.part !== part;
      part = row.part;
      pen.font = `${Math.min(12, shape.rowHeight - 3)}px system-ui, sans-serif`;
      pen.textAlign = "right";
      pen.fillStyle = ink.ink;
      pen.fillText(shape.narrow ? shortWord(row) : row.word, shape.gutter - 7, y, shape.word);
      if (first && !shape.narrow) {
        pen.textAlign = "left";
        pen.fillStyle = ink.muted;
        pen.fillText(row.part, 10, y, shape.part);
      }
      if (first && line) {
        pen.strokeStyle = ink.line;
        pen.lineWidth = 1;
        pen.beginPath();
        pen.moveTo(10, strip.top + line * shape.rowHeight);
        pen.lineTo(shape.gutter - 4, strip.top + line * shape.rowHeight);
        pen.stroke();
      }
    });
  }

  /** Block numbers from 1; as many as fit. */
  function drawAxis(pen, band, strip, shape, ink) {
    const y = strip.top + strip.rows.length * shape.rowHeight + AXIS / 2;
    const every = [1, 2, 5, 10, 20].find((n) => n * strip.step >= 22) ?? 50;
    pen.font = "11px system-ui, sans-serif";
    pen.textAlign = "center";
    pen.fillStyle = ink.muted;
    for (const s of strip.stacks) {
      band.stacks[s].columns.forEach((depth, column) => {
        const wanted = depth >= 0 && ((depth + 1) % every === 0 || (depth === 0 && every !== 2));
        if (wanted) pen.fillText(String(depth + 1), strip.left[s] + (column + 0.5) * strip.step, y);
      });
    }
  }

  function drawCells(pen, state, shape, ink, hatch) {
    const gap = shape.rects.length && shape.rects[0].w > 5 ? 1 : 0.5;
    let count = 0;
    pen.font = `${Math.min(12, shape.rowHeight - 4)}px system-ui, sans-serif`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    shape.rects.forEach((r, i) => {
      const [x, y, w, h] = [r.x, r.y, r.w - gap, r.h - gap];
      if (!state.table.prunable[i]) {
        pen.fillStyle = ink.dense;
        pen.fillRect(x, y, w, h);
        pen.fillStyle = hatch;
        pen.fillRect(x, y, w, h);
        return;
      }
      const value = app.sparsity(i);
      const shade = state.ramp[Math.round(value * 255)];
      pen.fillStyle = shade.fill;
      pen.fillRect(x, y, w, h);
      if (w >= 38 && h >= 14) {
        pen.fillStyle = shade.light ? "#10161d" : "#ffffff";
        pen.fillText(`${Math.round(value * 100)}%`, x + w / 2, y + h / 2);
      }
      if (app.capped(i)) {
        count++;
        pen.strokeStyle = "#d55e00";
        pen.lineWidth = 2;
        pen.strokeRect(x + 1, y + 1, w - 2, h - 2);
      }
    });
    return count;
  }

  function drawMark(pen, r, ink) {
    pen.lineWidth = 4;
    pen.strokeStyle = ink.panel;
    pen.strokeRect(r.x - 1, r.y - 1, r.w + 1, r.h + 1);
    pen.lineWidth = 2;
    pen.strokeStyle = ink.ink;
    pen.strokeRect(r.x - 1, r.y - 1, r.w + 1, r.h + 1);
  }

  /** Diagonal lines: kept whole, outside the prunable set. */
  function hatching(colour) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 6;
    const pen = tile.getContext("2d");
    pen.strokeStyle = colour;
    pen.beginPath();
    for (const shift of [-6, 0, 6]) {
      pen.moveTo(shift, 6);
      pen.lineTo(shift + 6, 0);
    }
    pen.stroke();
    return pen.createPattern(tile, "repeat");
  }

  function legend() {
    const stops = app.state.ramp.map((shade) => shade.fill);
    const bar = app.el("span", "ramp");
    bar.style.background = `linear-gradient(to right, ${stops.join(", ")})`;
    const item = (kind, key) => app.el("span", "key", "", [app.el("i", kind), app.el("span", "", app.say(key))]);
    const ramp = app.el("span", "key", "", [app.el("span", "", app.say("page.map.dense")), bar, app.el("span", "", app.say("page.map.zero"))]);
    return app.el("div", "legend", "", [ramp, item("capped", "page.map.capped"), item("whole", "page.map.whole")]);
  }

  app.mount.map = ({ element, trigger, props, watch }) => {
    const { state } = app;
    state.grid = props.grid;
    state.ramp = app.ramp(props.palette);
    const canvas = app.el("canvas", "chart");
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "application");
    canvas.setAttribute("aria-label", app.say("page.map.aria"));
    const tip = app.el("div", "tip");
    const voice = app.el("div", "voice");
    voice.setAttribute("aria-live", "polite");
    const holder = app.el("div", "holder", "", [canvas, tip]);
    element.querySelector(".mount").replaceChildren(
      app.el("div", "top", "", [app.el("h2", "", app.say("page.map.title")), legend()]), holder, app.el("p", "", app.say("page.map.caption")), voice,
    );
    const pen = canvas.getContext("2d");
    let shape = null, ink = null, hatch = null;

    function resize() {
      const width = Math.floor(holder.clientWidth);
      if (!width) return;
      const top = holder.getBoundingClientRect().top + window.scrollY;
      shape = app.layout.place(state.grid, width, Math.max(330, window.innerHeight - top - 62), wordWidths(pen, state.grid));
      const scale = window.devicePixelRatio || 1;
      canvas.width = Math.round(shape.width * scale);
      canvas.height = Math.round(shape.height * scale);
      canvas.style.height = `${shape.height}px`;
      pen.setTransform(scale, 0, 0, scale, 0, 0);
      ink = inks(element);
      hatch = hatching(ink.hatch);
      draw();
    }

    function draw() {
      if (!shape) return;
      pen.clearRect(0, 0, shape.width, shape.height);
      drawLabels(pen, state.grid, shape, ink);
      if (!state.table) return;
      canvas.dataset.capped = drawCells(pen, state, shape, ink, hatch);
      if (state.selected >= 0) drawMark(pen, shape.rects[state.selected], ink);
      Object.assign(canvas.dataset, { target: state.percent, shown: state.row, cells: shape.rects.length, table: state.table.key });
      canvas.dataset.first = app.sparsity(0).toFixed(4);
      canvas.dataset.selected = state.selected < 0 ? "" : state.grid.layers[state.selected].name;
    }

    function at(event) {
      const box = canvas.getBoundingClientRect();
      const x = event.clientX - box.left, y = event.clientY - box.top;
      return shape ? shape.rects.findIndex((r) => x >= r.x && x < r.x + r.w && y >= r.y && y < r.y + r.h) : -1;
    }

    function hover(event) {
      const layer = state.table ? at(event) : -1;
      tip.style.display = layer < 0 ? "none" : "block";
      canvas.style.cursor = layer < 0 ? "default" : "pointer";
      if (layer < 0) return;
      const info = state.grid.layers[layer];
      tip.replaceChildren(app.el("strong", "", info.words), ...app.facts(layer).map(([key, value]) => app.el("div", "", `${key}: ${value}`)));
      const box = canvas.getBoundingClientRect();
      const x = event.clientX - box.left, y = event.clientY - box.top;
      tip.style.left = `${Math.max(0, Math.min(x + 14, shape.width - tip.offsetWidth))}px`;
      tip.style.top = `${y + 18 + tip.offsetHeight > shape.height ? y - tip.offsetHeight - 10 : y + 18}px`;
    }

    canvas.addEventListener("mousemove", hover);
    canvas.addEventListener("mouseleave", () => (tip.style.display = "none"));
    canvas.addEventListener("click", (event) => app.select(at(event)));
    canvas.addEventListener("keydown", (event) => {
      if (!event.key.startsWith("Arrow") || !shape || !state.grid.layers.length) return;
      event.preventDefault();
      app.select(state.selected < 0 ? 0 : app.layout.neighbour(shape.rects, state.selected, event.key));
      voice.textContent = state.grid.layers[state.selected].words;
    });
    new ResizeObserver(resize).observe(holder);
    new MutationObserver(resize).observe(document.body, { attributes: true, attributeFilter: ["class"] });
    app.settle = (percent) => trigger("settle", { percent });
    app.send = trigger;
    watch("value", () => {
      // Another model, or one that was scored after the page had been built, brings its layers with its first table.
      if (props.value && props.value.grid) {
        app.regrid(props.value.grid);
        shape = null;
      }
      app.adopt(props.value);
      if (!shape) resize();
      app.arrived();
    });
    app.on(element, draw);
    app.adopt(props.value);
    // Without scores there is nothing to draw, here and in the two figures.
    app.on(element, () => document.documentElement.classList.toggle("unscored", !state.table));
  };
})();
