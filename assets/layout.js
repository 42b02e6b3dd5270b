// Where everything stands on the map's canvas: pure geometry from the grid that Python made.
(() => {
  "use strict";
  const HEADER = 27, TITLE = 16, AXIS = 17, GAP = 3, STACK_GAP = 14;

  /** Bands side by side where there is room; on a narrow page every stack of blocks is a strip of its own. */
  function strips(grid, narrow) {
    const found = [];
    grid.bands.forEach((band, b) => {
      const groups = narrow ? band.stacks.map((_, s) => [s]) : [band.stacks.map((_, s) => s)];
      for (const stacks of groups) {
        const used = new Set(grid.layers.filter((l) => l.band === b && stacks.includes(l.stack)).map((l) => l.row));
        found.push({ band: b, stacks, rows: band.rows.map((_, r) => r).filter((r) => used.has(r)) });
      }
    });
    return found;
  }

  /** Room for the words to the left of the cells: a column of parts, where there is room, and one of rows. */
  function gutters(words, narrow) {
    const most = narrow ? 120 : 150;
    const [part, word] = [Math.min(words.part, 130), Math.min(Math.max(narrow ? words.short : words.word, 60), most)];
    return narrow ? { part: 0, word, gutter: word + 8 } : { part, word, gutter: 10 + part + 14 + word + 7 };
  }

  /** Where everything goes on a canvas of this width: strips with their columns, and one rectangle per layer. */
  function place(grid, width, room, words) {
    const narrow = width < 560;
    const { part, word, gutter } = gutters(words, narrow);
    const list = strips(grid, narrow);
    const rows = list.reduce((sum, strip) => sum + strip.rows.length, 0);
    const fixed = list.length * (HEADER + AXIS + GAP);
    const rowHeight = Math.min(34, Math.max(15, Math.floor((room - fixed) / Math.max(rows, 1))));
    const rects = new Array(grid.layers.length);
    let y = 0;
    for (const strip of list) {
      const band = grid.bands[strip.band];
      const columns = strip.stacks.reduce((sum, s) => sum + band.stacks[s].columns.length, 0);
      const step = (width - gutter - STACK_GAP * (strip.stacks.length - 1) - 1) / columns;
      strip.top = y + HEADER;
      strip.step = step;
      strip.left = {};
      let x = gutter;
      for (const s of strip.stacks) {
        strip.left[s] = x;
        x += band.stacks[s].columns.length * step + STACK_GAP;
      }
      y = strip.top + strip.rows.length * rowHeight + AXIS + GAP;
    }
    grid.layers.forEach((layer, i) => {
      const strip = list.find((entry) => entry.band === layer.band && entry.stacks.includes(layer.stack));
      const line = strip.rows.indexOf(layer.row);
      const x = strip.left[layer.stack] + layer.column * strip.step;
      rects[i] = { x, y: strip.top + line * rowHeight, w: strip.step, h: rowHeight };
    });
    return { list, rects, part, word, gutter, narrow, rowHeight, width, height: Math.max(y - GAP, 60) };
  }

  /** The next layer in the direction of an arrow key. */
  function neighbour(rects, from, key) {
    const axis = key === "ArrowLeft" || key === "ArrowRight" ? "x" : "y";
    const other = axis === "x" ? "y" : "x";
    const sign = key === "ArrowRight" || key === "ArrowDown" ? 1 : -1;
    let best = from, least = Infinity;
    rects.forEach((r, i) => {
      const ahead = (r[axis] - rects[from][axis]) * sign;
      const cost = ahead + 4 * Math.abs(r[other] - rects[from][other]);
      if (ahead > 0.5 && cost < least) [best, least] = [i, cost];
    });
    return best;
  }

  window.ecoflap.layout = { HEADER, TITLE, AXIS, place, neighbour };
})();
