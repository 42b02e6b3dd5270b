// The allocation map as SVG: the same places as on the canvas, every cell with its words; for files and for the page without a server.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { make, text, width } = app.svg;
  const { TITLE, AXIS } = app.layout;
  const CAP = "#d55e00";

  /** How wide the words to the left of the cells are. */
  function widths(grid) {
    const rows = grid.bands.flatMap((band) => band.rows);
    const widest = (read) => Math.ceil(Math.max(0, ...rows.map((row) => width(read(row)))));
    return { part: widest((row) => row.part), word: widest((row) => row.word), short: Math.max(0, ...grid.bands.flatMap((band) => band.rows.map((row) => Math.ceil(width(shortWord(band, row)))))) };
  }

  /** A row's word where there is no room for a column of parts: with its part where another row is called the same. */
  const shortWord = (band, row) => (band.rows.find(({ word }) => word === row.word) === row ? row.word : `${row.part} ${row.word}`);

  /** Words that are squeezed into the room that they have. */
  function fitted(x, y, words, most, attributes) {
    const squeezed = width(words, attributes["font-size"] ?? 12) > most ? { textLength: most, lengthAdjust: "spacingAndGlyphs" } : {};
    return text(x, y, words, { ...squeezed, ...attributes });
  }

  function titles(strip, band, shape, ink) {
    const y = strip.top - TITLE + 4;
    const alone = shape.narrow && band.stacks.length > 1 ? ` ${band.stacks[strip.stacks[0]].title}` : "";
    const nodes = [
      make("rect", { x: 0, y: strip.top - TITLE - 6, width: 4, height: 12, fill: band.colour }),
      text(10, y, band.title + alone, { "font-size": 13, "font-weight": 600, fill: ink.ink }),
    ];
    if (!shape.narrow) nodes.push(...strip.stacks.map((s) => text(strip.left[s], y, band.stacks[s].title, { fill: ink.muted })));
    return nodes;
  }

  function rows(strip, band, shape, ink) {
    let part = null;
    return strip.rows.flatMap((r, line) => {
      const row = band.rows[r], y = strip.top + (line + 0.5) * shape.rowHeight + 4;
      const first = row.part !== part;
      part = row.part;
      const nodes = [fitted(shape.gutter - 7, y, shape.narrow ? shortWord(band, row) : row.word, shape.word, { "text-anchor": "end", fill: ink.ink })];
      if (first && !shape.narrow) nodes.push(fitted(10, y, row.part, shape.part, { fill: ink.muted }));
      return nodes;
    });
  }

  /** Block numbers from 1; as many as fit. */
  function axis(strip, band, shape, ink) {
    const y = strip.top + strip.rows.length * shape.rowHeight + AXIS / 2 + 4;
    const every = [1, 2, 5, 10, 20].find((n) => n * strip.step >= 22) ?? 50;
    return strip.stacks.flatMap((s) => band.stacks[s].columns.flatMap((depth, column) => {
      if (depth < 0 || ((depth + 1) % every && !(depth === 0 && every !== 2))) return [];
      return [text(strip.left[s] + (column + 0.5) * strip.step, y, depth + 1, { "font-size": 11, "text-anchor": "middle", fill: ink.muted })];
    }));
  }

  function hatching(ink, id) {
    const tile = make("pattern", { id, width: 6, height: 6, patternUnits: "userSpaceOnUse" });
    tile.append(make("rect", { width: 6, height: 6, fill: ink.dense }), make("path", { d: "M-1 7L7 -1M-1 1L1 -1M5 7L7 5", stroke: ink.hatch }));
    return make("defs", {}, [tile]);
  }

  /** A padlock of 10 x 10, its upper left corner at x, y. */
  const padlock = (x, y, colour) => make("g", { transform: `translate(${x} ${y})`, fill: colour }, [
    make("rect", { x: 0.5, y: 4.5, width: 9, height: 5.5 }),
    make("path", { d: "M2.3 5V3.7a2.7 2.7 0 0 1 5.4 0V5", fill: "none", stroke: colour, "stroke-width": 1.6 }),
  ]);

  /** Paint a cell as the view has it now. */
  function paint(cell, layer, view, ink) {
    const { node, box, fill, words, title } = cell;
    const shade = view.shade(layer);
    const bare = typeof shade === "string";
    fill.setAttribute("fill", bare ? { whole: "url(#hatch)", zero: ink.dense }[shade] ?? "none" : shade.fill);
    fill.setAttribute("stroke", bare ? ink.line : "none");
    const colour = shade.light ? "#000000" : "#ffffff";
    const lock = !bare && view.marks.locked && view.held(layer);
    const wide = box.w >= 38 && box.h >= 14;
    words.textContent = bare || !wide ? "" : view.text(layer);
    words.setAttribute("x", box.x + (box.w - (lock ? 12 : 0)) / 2);
    words.setAttribute("fill", colour);
    title.textContent = view.title(layer);
    for (const mark of node.querySelectorAll(".mark")) mark.remove();
    const marks = [];
    if (lock && box.w >= 10) marks.push(padlock(wide ? box.x + box.w - 13 : box.x + (box.w - 10) / 2, box.y + (box.h - 10) / 2, colour));
    if (!bare && view.marks.capped && view.capped(layer)) {
      marks.push(make("rect", { x: box.x + 1, y: box.y + 1, width: box.w - 2, height: box.h - 2, fill: "none", stroke: CAP, "stroke-width": 2 }));
    }
    for (const mark of marks) mark.setAttribute("class", "mark");
    node.append(...marks);
  }

  /**
   * The map in so much width: {node, width, height, paint(view), cells}. A view says of every layer its `shade`, `text` and `title`,
   * whether it is `capped` or `held`, and which `marks` it shows.
   */
  app.svgMap = (grid, wide, ink, rowHeight = 26) => {
    const count = grid.layers.length;
    const known = app.layout.place(grid, wide, 0, widths(grid));
    const rowCount = known.list.reduce((sum, strip) => sum + strip.rows.length, 0);
    const shape = app.layout.place(grid, wide, known.height + rowCount * (rowHeight - known.rowHeight) + 3, widths(grid));
    const gap = count && shape.rects[0].w > 5 ? 1 : 0.5;
    const node = make("g", {}, [hatching(ink, "hatch")]);
    for (const strip of shape.list) {
      const band = grid.bands[strip.band];
      node.append(...titles(strip, band, shape, ink), ...rows(strip, band, shape, ink), ...axis(strip, band, shape, ink));
    }
    const cells = shape.rects.map((r, layer) => {
      const box = { x: r.x, y: r.y, w: r.w - gap, h: r.h - gap };
      const fill = make("rect", { x: box.x, y: box.y, width: box.w, height: box.h });
      const words = text(0, box.y + box.h / 2 + 4, "", { "text-anchor": "middle", "pointer-events": "none" });
      const title = make("title");
      const made = make("g", { "data-layer": layer }, [title, fill, words]);
      node.append(made);
      return { node: made, box, fill, words, title };
    });
    const all = (view) => cells.forEach((cell, layer) => paint(cell, layer, view, ink));
    return { node, cells, width: shape.width, height: shape.height, paint: all };
  };

  /** Signs of a legend that only the map has, as entries: kept whole, and a lock. */
  app.svgSigns = (ink, words) => [
    { wide: 14, words: words.whole, node: make("g", {}, [hatching(ink, "hatched"), make("rect", { y: -5, width: 14, height: 10, rx: 2, fill: "url(#hatched)" })]) },
    { wide: 10, words: words.locked, node: make("g", {}, [padlock(0, -6, ink.ink)]) },
  ];

  /** The colour scale of a legend: 256 steps between two words. */
  app.svgRamp = (ramp, low, high, ink) => {
    const stops = ramp.filter((_, i) => i % 15 === 0).map(({ fill }, i, all) => make("stop", { offset: i / (all.length - 1), "stop-color": fill }));
    const left = width(low) + 6;
    const node = make("g", {}, [
      make("defs", {}, [make("linearGradient", { id: "ramp" }, stops)]),
      text(0, 4, low, { fill: ink.muted }), make("rect", { x: left, y: -5, width: 110, height: 10, rx: 2, fill: "url(#ramp)" }),
    ]);
    return { node, wide: left + 110, words: high };
  };
})();
