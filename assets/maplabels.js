// The words around the map's cells: bands, rows, and block numbers along the axis.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { TITLE, AXIS } = app.layout;
  const FONT = "system-ui, sans-serif";

  /** A row's word where there is no room for a column of parts. */
  function shortWord(row) {
    const key = { [app.say("page.part.cross")]: "cross", [app.say("page.part.channel")]: "channel", [app.say("page.part.channel_mlp")]: "channel" }[row.part];
    return key ? app.say(`page.map.short.${key}`, { word: row.word }) : row.word;
  }

  /** How wide the words to the left of the cells are: the longest part's and the longest row's. */
  function wordWidths(pen, grid) {
    pen.font = `12px ${FONT}`;
    const rows = grid.bands.flatMap((band) => band.rows);
    const widest = (word) => Math.ceil(Math.max(0, ...rows.map((row) => pen.measureText(word(row)).width)));
    return { part: widest((row) => row.part), word: widest((row) => row.word), short: widest(shortWord) };
  }

  /** Titles, rows and axes: what stays as it is while the target moves. */
  function drawLabels(pen, grid, shape, ink) {
    for (const strip of shape.list) {
      const band = grid.bands[strip.band];
      pen.textBaseline = "middle";
      pen.fillStyle = band.colour;
      pen.fillRect(0, strip.top - TITLE - 6, 4, 12);
      pen.fillStyle = ink.ink;
      pen.font = `600 13px ${FONT}`;
      pen.textAlign = "left";
      const alone = shape.narrow && band.stacks.length > 1 ? ` ${band.stacks[strip.stacks[0]].title}` : "";
      pen.fillText(band.title + alone, 10, strip.top - TITLE);
      if (!shape.narrow) {
        pen.font = `12px ${FONT}`;
        pen.fillStyle = ink.muted;
        for (const s of strip.stacks) pen.fillText(band.stacks[s].title, strip.left[s], strip.top - TITLE);
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
      pen.font = `${Math.min(12, shape.rowHeight - 3)}px ${FONT}`;
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
    pen.font = `11px ${FONT}`;
    pen.textAlign = "center";
    pen.fillStyle = ink.muted;
    for (const s of strip.stacks) {
      band.stacks[s].columns.forEach((depth, column) => {
        const wanted = depth >= 0 && ((depth + 1) % every === 0 || (depth === 0 && every !== 2));
        if (wanted) pen.fillText(String(depth + 1), strip.left[s] + (column + 0.5) * strip.step, y);
      });
    }
  }

  app.labels = { wordWidths, drawLabels };
})();
