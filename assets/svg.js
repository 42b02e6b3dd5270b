// Small tools for drawings that leave the page: SVG elements, words that are wrapped by their width, a sheet around a figure.
(() => {
  "use strict";
  const app = window.ecoflap;
  const SPACE = "http://www.w3.org/2000/svg";
  const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans CJK SC', sans-serif";
  const PAD = 20;
  const pen = document.createElement("canvas").getContext("2d");

  function make(tag, attributes = {}, children = []) {
    const node = document.createElementNS(SPACE, tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }

  const text = (x, y, words, attributes = {}) => make("text", { x, y, "font-size": 12, ...attributes }, [String(words)]);

  /** How wide words are, in pixels. */
  function width(words, size = 12, weight = 400) {
    pen.font = `${weight} ${size}px ${FONT}`;
    return pen.measureText(words).width;
  }

  /** Words in lines of a width; a language without spaces is broken between its characters, and so is what is too long. */
  function lines(words, most, size = 12) {
    const found = [""];
    for (const piece of words.match(/[\u3000-\u9fff\uff00-\uffef]|[^\s\u3000-\u9fff\uff00-\uffef]+\s*|\s+/g) ?? []) {
      if (width((found.at(-1) + piece).trimEnd(), size) <= most) {
        found[found.length - 1] += piece;
        continue;
      }
      if (found.at(-1)) found.push("");
      for (const letter of piece) {
        if (found.at(-1) && width(found.at(-1) + letter, size) > most) found.push("");
        found[found.length - 1] += letter;
      }
    }
    return found.map((line) => line.trim()).filter(Boolean);
  }

  /** The sign of a legend's entry, 12 pixels wide, in the middle of a line at `y`. */
  function sign(mark, colour, x, y) {
    const middle = { cx: x + 6, cy: y };
    if (mark === "circle") return make("circle", { ...middle, r: 5, fill: colour });
    if (mark === "circle-open") return make("circle", { ...middle, r: 4, fill: "none", stroke: colour, "stroke-width": 2 });
    if (mark === "diamond") return make("path", { d: `M${x + 6} ${y - 6}l6 6l-6 6l-6 -6z`, fill: colour });
    if (mark === "triangle-down-open") return make("path", { d: `M${x} ${y - 5}h12l-6 10z`, fill: colour });
    if (mark === "line") return make("path", { d: `M${x} ${y}h12`, stroke: colour, "stroke-width": 4 });
    if (mark === "dash") return make("path", { d: `M${x} ${y}h14`, stroke: colour, "stroke-width": 2, "stroke-dasharray": "4 2" });
    if (mark === "outline") return make("rect", { x: x + 1, y: y - 4, width: 12, height: 8, fill: "none", stroke: colour, "stroke-width": 2 });
    return make("rect", { x, y: y - 5, width: 12, height: 10, rx: 2, fill: colour });
  }

  /** Entries {mark, colour, words} or {node, wide, words} side by side, in as many rows as they need: the group and its height. */
  function legend(entries, most, ink) {
    const group = make("g");
    let x = 0, y = 9;
    for (const { mark, colour, words, node, wide = 14 } of entries) {
      const room = wide + 6 + width(words) + 16;
      if (x && x + room > most) [x, y] = [0, y + 20];
      if (node) node.setAttribute("transform", `translate(${x} ${y})`);
      group.append(node ?? sign(mark, colour === "currentColor" ? ink.muted : colour, x, y), text(x + wide + 6, y + 4, words, { fill: ink.muted }));
      x += room;
    }
    return { node: group, height: entries.length ? y + 11 : 0 };
  }

  /**
   * A whole drawing: title, what it is of, legend, the figure itself, and what one is looking at.
   * `parts`: {title, about, legend: entries, body: {node, width, height}, caption, ink: {ink, muted, panel}}.
   */
  function sheet({ title, about = "", legend: entries = [], body, caption = "", ink }) {
    const inner = Math.max(body.width, 300), wide = inner + 2 * PAD;
    const root = make("svg", { xmlns: SPACE, "font-family": FONT });
    const paper = make("rect", { width: wide, fill: ink.panel });
    root.append(make("title", {}, [title]), paper);
    let y = PAD;
    const write = (words, size, colour, weight = 400) => {
      for (const line of lines(words, inner / (weight > 400 ? 1.08 : 1), size)) {
        y += size + 5;
        root.append(text(PAD, y - 4, line, { "font-size": size, "font-weight": weight, fill: colour }));
      }
    };
    write(title, 16, ink.ink, 600);
    write(about, 12, ink.muted);
    y += 8;
    const key = legend(entries, inner, ink);
    for (const [node, height] of [[key.node, key.height], [body.node, body.height]]) {
      root.append(make("g", { transform: `translate(${PAD} ${y})` }, [node]));
      y += height + (height ? 6 : 0);
    }
    write(caption, 12, ink.muted);
    const high = Math.ceil(y + PAD);
    paper.setAttribute("height", high);
    for (const [name, value] of Object.entries({ width: wide, height: high, viewBox: `0 0 ${wide} ${high}` })) root.setAttribute(name, value);
    return root;
  }

  /** A drawing as the text of an SVG file. */
  const write = (root) => `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(root)}\n`;

  app.svg = { make, text, width, lines, legend, sheet, write, FONT };
})();
