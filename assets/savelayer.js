// The drawing of the selected layer's charts: what the panel shows, taken over chart by chart with the colours that it has there.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { state } = app;
  const { make, text, lines } = app.svg;
  const WIDE = 360, GAP = 28, PAINT = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "display"];

  /** A chart of the panel on its own: its shapes with the colours that the style sheet gave them. */
  function own(chart, width, height) {
    const copy = chart.cloneNode(true);
    const shapes = [...chart.querySelectorAll("*")];
    [...copy.querySelectorAll("*")].forEach((node, i) => {
      const style = getComputedStyle(shapes[i]);
      for (const name of PAINT) node.setAttribute(name, style.getPropertyValue(name));
      if (style.vectorEffect === "non-scaling-stroke") node.setAttribute("vector-effect", "non-scaling-stroke");
      node.removeAttribute("style");
      node.removeAttribute("class");
    });
    for (const name of ["class", "style", "role", "aria-label"]) copy.removeAttribute(name);
    for (const [name, value] of Object.entries({ width, height })) copy.setAttribute(name, value);
    return copy;
  }

  /** The picture of a mask with the rows beside it. */
  function picture(box, y, ink) {
    const canvas = box.querySelector("canvas"), strip = box.querySelector("svg.rows");
    const ratio = canvas.clientHeight / canvas.clientWidth || 1;
    const wide = Math.min(200, 200 / ratio), high = wide * ratio;
    // Several pixels for each of the canvas's: viewers would blur them otherwise.
    const large = app.el("canvas");
    [large.width, large.height] = [canvas.width, canvas.height].map((side) => side * Math.ceil(400 / Math.max(canvas.width, canvas.height)));
    const pen = large.getContext("2d");
    pen.imageSmoothingEnabled = false;
    pen.drawImage(canvas, 0, 0, large.width, large.height);
    const rows = own(strip, 110, high);
    rows.setAttribute("x", wide + 16);
    rows.setAttribute("y", y);
    const ends = ["0%", "100%"].map((words, i) => text(wide + 16 + 110 * i, y + high + 13, words, { "font-size": 11, "text-anchor": i ? "end" : "start", fill: ink.muted }));
    return [[make("image", { href: large.toDataURL(), y, width: wide, height: high, preserveAspectRatio: "none" }), rows, ...ends], y + high + 18];
  }

  /** One section of the panel: its title, its chart, the ends of its axis, and what it says. */
  function section(box, ink) {
    const node = make("g");
    let y = 0;
    const write = (words, size, fill, weight = 400) => {
      for (const line of lines(words, WIDE, size)) node.append(text(0, (y += size + 4), line, { "font-size": size, "font-weight": weight, fill }));
    };
    write(box.querySelector("h3").textContent, 13, ink.ink, 600);
    y += 8;
    if (box.querySelector("canvas")) {
      const [nodes, end] = picture(box, y, ink);
      node.append(...nodes);
      y = end;
    } else {
      const chart = own(box.querySelector("svg"), WIDE, 110);
      chart.setAttribute("y", y);
      node.append(chart);
      y += 112;
      const ends = [...box.querySelectorAll(".ends span")].map((span) => span.textContent);
      ends.forEach((words, i) => {
        const anchor = i === 0 ? "start" : i === ends.length - 1 ? "end" : "middle";
        node.append(text((i / Math.max(1, ends.length - 1)) * WIDE, y + 10, words, { "font-size": 11, "text-anchor": anchor, fill: ink.muted }));
      });
      y += 14;
    }
    for (const note of box.querySelectorAll(":scope > p")) if (note.offsetParent) write(note.textContent, 12, ink.muted);
    return { node, height: y };
  }

  /** Every chart of the panel that is shown now, two beside each other. */
  app.layerDrawing = (ink) => {
    const panel = document.getElementById("layer");
    const boxes = [...panel.querySelectorAll("section")].filter((box) => box.offsetParent && box.querySelector("svg, canvas") && box.querySelector("h3"));
    const made = boxes.map((box) => section(box, ink));
    const node = make("g"), heights = [0, 0];
    for (const part of made) {
      const side = heights[0] <= heights[1] ? 0 : 1;
      part.node.setAttribute("transform", `translate(${side * (WIDE + GAP)} ${heights[side]})`);
      node.append(part.node);
      heights[side] += part.height + GAP;
    }
    const info = state.grid.layers[state.selected];
    const legend = [["kept", ink.accent], ["removed", ink.hatch]].map(([kind, colour]) => ({ mark: "", colour, words: app.say(kind === "kept" ? "page.layer.stays" : "page.layer.goes") }));
    const facts = app.facts(state.selected).map(([what, value]) => app.say("page.pair", { what, value }));
    return { title: info.words, legend, body: { node, width: 2 * WIDE + GAP, height: Math.max(...heights) - GAP }, caption: `${app.clauses(facts)} (${info.name})` };
  };
})();
