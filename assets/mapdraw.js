// What is painted on the map's canvas with every move: the cells in the colours of a view, and their marks.
(() => {
  "use strict";
  const app = window.ecoflap;
  const FONT = "system-ui, sans-serif";
  const CAP = "#d55e00";
  const LOCK = 10; // px, of a padlock
  const TALL = 22; // px of a cell's height from which on a whisker beside a number does not look like a minus sign
  const WIDE = 62; // px of a cell's width that hold a number and its error
  let small = false, ownInk = ""; // whether cells are too narrow for padlocks; the theme's ink
  let errors = "line"; // how the standard error of a score is shown: a line, a number, or none but in the tooltip

  function inks(element) {
    const style = getComputedStyle(element);
    const read = (name) => style.getPropertyValue(name).trim();
    return { ink: read("--ink"), muted: read("--muted"), line: read("--line"), dense: read("--dense"), hatch: read("--hatch"), panel: read("--panel") };
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

  /** A padlock, or where a cell is too narrow for one a corner, in a colour that the cell's own lets be seen. */
  function padlock(colour, scale) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = LOCK * scale;
    const pen = tile.getContext("2d");
    pen.scale(scale, scale);
    pen.fillStyle = pen.strokeStyle = colour;
    if (small) {
      pen.beginPath();
      pen.moveTo(0, 0);
      pen.lineTo(6, 0);
      pen.lineTo(0, 8);
      pen.fill();
      return tile;
    }
    pen.fillRect(0.5, 4.5, 9, 5.5);
    pen.lineWidth = 1.6;
    pen.beginPath();
    pen.moveTo(2.3, 5);
    pen.arc(5, 3.7, 2.7, Math.PI, 0);
    pen.lineTo(7.7, 5);
    pen.stroke();
    return tile;
  }

  /** The mark of a lock as the legend shows it. */
  const lockSample = () => padlock(ownInk, 2);
  const look = () => `${ownInk} ${small} ${errors}`;

  const worded = ({ w, h }) => w >= 38 && h >= 14;
  const whiskered = (box) => !worded(box) || box.h > TALL;

  /** Everything that cells are painted with, for a size, a theme and a screen. */
  function tools(element, shape, scale) {
    const ink = inks(element);
    const gap = shape.rects.length && shape.rects[0].w > 5 ? 1 : 0.5;
    const boxes = shape.rects.map((r) => ({ x: r.x, y: r.y, w: r.w - gap, h: r.h - gap }));
    small = boxes.some((box) => box.w < LOCK || box.h < LOCK + 2);
    if (boxes.some(whiskered)) errors = "line";
    else errors = boxes.every((box) => box.w >= WIDE) ? "number" : "none";
    ownInk = ink.ink;
    const locks = { dark: padlock("#000000", scale), light: padlock("#ffffff", scale) };
    return { ink, boxes, locks, hatch: hatching(ink.hatch), font: `${Math.min(12, shape.rowHeight - 4)}px ${FONT}` };
  }

  /** How far a whisker reaches up and down from the middle of its cell, as a line with an end to each side. */
  function drawWhisker(pen, box, share, colour, beside) {
    if (!(share > 0)) return;
    const half = Math.max(1, (share * (box.h - 4)) / 2);
    const x = Math.round(beside ? box.x + box.w - 7 : box.x + box.w / 2), y = box.y + box.h / 2;
    const foot = box.w >= 9 ? 2.5 : 1;
    pen.fillStyle = colour;
    pen.fillRect(x - 0.6, y - half, 1.2, 2 * half);
    pen.fillRect(x - foot, y - half, 2 * foot, 1);
    pen.fillRect(x - foot, y + half - 1, 2 * foot, 1);
  }

  /** A cell without a colour of the scale: kept whole, not measured, or a score of exactly zero. */
  function drawBare(pen, box, kind, kit) {
    const { x, y, w, h } = box;
    pen.fillStyle = kit.ink.dense;
    if (kind !== "empty") pen.fillRect(x, y, w, h);
    if (kind === "whole") {
      pen.fillStyle = kit.hatch;
      pen.fillRect(x, y, w, h);
      return;
    }
    pen.lineWidth = 1;
    pen.strokeStyle = kind === "empty" ? kit.ink.line : kit.ink.muted;
    if (kind === "empty") pen.strokeRect(x + 0.5, y + 0.5, w - 1, h - 1);
    else pen.strokeRect(x + w / 2 - 1.5, y + h / 2 - 3, 3, 6);
  }

  function drawCapped(pen, { x, y, w, h }) {
    pen.strokeStyle = CAP;
    pen.lineWidth = 2;
    pen.strokeRect(x + 1, y + 1, w - 2, h - 2);
  }

  function drawLock(pen, box, kit, light, beside) {
    const x = small ? box.x : beside ? box.x + box.w - LOCK - 3 : box.x + (box.w - LOCK) / 2;
    const y = small ? box.y : box.y + (box.h - LOCK) / 2;
    pen.drawImage(light ? kit.locks.dark : kit.locks.light, x, y, LOCK, LOCK);
  }

  /** Paint every cell as the view has it; `held` says which layers are locked. */
  function cells(pen, view, kit, held) {
    const marks = view.marks;
    pen.font = kit.font;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    kit.boxes.forEach((box, layer) => {
      const shade = view.shade(layer);
      if (typeof shade === "string") {
        drawBare(pen, box, shade, kit);
        return;
      }
      const { x, y, w, h } = box;
      const colour = shade.light ? "#000000" : "#ffffff";
      const lock = marks.locked && held[layer];
      const words = worded(box), whisker = view.whisker && whiskered(box);
      pen.fillStyle = shade.fill;
      pen.fillRect(x, y, w, h);
      if (words) {
        pen.fillStyle = colour;
        pen.fillText(view.text(layer, errors), x + (w - (lock || whisker ? 12 : 0)) / 2, y + h / 2, w - 4);
      }
      if (whisker) drawWhisker(pen, box, view.whisker(layer), colour, words);
      if (lock) drawLock(pen, box, kit, shade.light, words);
      if (marks.capped && app.capped(layer)) drawCapped(pen, box);
    });
  }

  /** An arrow above and a frame around the cells of one block. */
  function drawWorst(pen, kit, block) {
    const boxes = kit.boxes.filter((_, layer) => app.state.grid.layers[layer].block === block);
    if (!boxes.length) return;
    const [left, top] = [Math.min(...boxes.map((box) => box.x)), Math.min(...boxes.map((box) => box.y))];
    const [right, bottom] = [Math.max(...boxes.map((box) => box.x + box.w)), Math.max(...boxes.map((box) => box.y + box.h))];
    const middle = (left + right) / 2;
    pen.fillStyle = kit.ink.ink;
    pen.lineWidth = 2;
    pen.strokeStyle = kit.ink.ink;
    pen.strokeRect(left - 1, top - 1, right - left + 2, bottom - top + 2);
    pen.beginPath();
    pen.moveTo(middle - 5, top - 10); // below the titles: app.layout.HEADER has room for both
    pen.lineTo(middle + 5, top - 10);
    pen.lineTo(middle, top - 3);
    pen.closePath();
    pen.fill();
  }

  function drawMark(pen, r, ink) {
    pen.lineWidth = 4;
    pen.strokeStyle = ink.panel;
    pen.strokeRect(r.x - 1, r.y - 1, r.w + 1, r.h + 1);
    pen.lineWidth = 2;
    pen.strokeStyle = ink.ink;
    pen.strokeRect(r.x - 1, r.y - 1, r.w + 1, r.h + 1);
  }

  app.draw = { tools, lockSample, look, errors: () => errors, cells, drawMark, drawWorst };
})();
