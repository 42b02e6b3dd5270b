// Drawings of the map, of the figures below it, and of a ladder's strips, for their files.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { state } = app;
  const { make, text } = app.svg;
  const WIDE = 1160, FIGURE = { width: 760, height: 420 };
  const CAP = "#d55e00", RIGHT = "#0072b2", WRONG = "#d55e00";

  /** The signs of the map's legend, by the view's own names for them. */
  function signs(view, ink) {
    const own = app.svgSigns(ink, { whole: app.say("page.map.whole"), locked: app.say("page.map.locked") });
    const known = { whole: own[0], locked: own[1], capped: { mark: "outline", colour: CAP, words: app.say("page.map.capped") } };
    return Object.keys(view.marks).flatMap((name) => (known[name] ? [known[name]] : []));
  }

  /** The map in the colours of a view, every cell with what is known of it. */
  app.mapDrawing = (name) => (ink) => {
    const view = app.views[name];
    const title = (layer) => {
      const [word, value] = view.fact(layer);
      return `${app.say("page.pair", { what: state.grid.layers[layer].words, value: `${word} ${value}` })} (${state.grid.layers[layer].name})`;
    };
    const made = app.svgMap(state.grid, WIDE, ink);
    const plain = (layer) => (view.shade(layer) === "empty" ? "" : view.text(layer, "none"));
    made.paint({ marks: view.marks, shade: view.shade, text: plain, title, capped: app.capped, held: (layer) => state.table !== null && app.locked(layer) !== null });
    const [low, high] = view.ends();
    const heading = app.say("page.pair", { what: app.say("page.map.title"), value: app.say(`page.view.${name}`) });
    return { title: heading, legend: [app.svgRamp(view.ramp(), low, high, ink), ...signs(view, ink)], body: made, caption: view.caption() };
  };

  /** Lines that stand in the layer above a figure, as Plotly's own: target and cap. */
  function lines(card, ink) {
    const { table, row } = state;
    const style = (colour, dash) => ({ color: colour, width: 2, dash });
    const target = app.say("page.line.target", { percent: `${row}%` });
    if (card.name === "curves") {
      const note = { x: row / 100, y: 0.04, yref: "paper", text: target, showarrow: false, xanchor: row > 60 ? "right" : "left", font: { color: ink.ink } };
      return { shapes: [{ type: "line", x0: row / 100, x1: row / 100, yref: "paper", y0: 0, y1: 1, line: style(ink.ink, "dot") }], annotations: [note] };
    }
    const limit = table.pattern === "unstructured" ? table.caps[row] : 1;
    const level = (y, colour, dash) => ({ type: "line", xref: "paper", x0: 0, x1: 1, y0: y, y1: y, line: style(colour, dash) });
    const word = (y, words, colour, yanchor) => ({ xref: "paper", x: 1, xanchor: "left", y, yanchor, text: words, showarrow: false, font: { color: colour } });
    const found = { shapes: [level(row / 100, ink.muted, "dot")], annotations: [word(row / 100, target, ink.muted, "top")] };
    if (limit < 1) {
      found.shapes.push(level(limit, CAP, "dash"));
      found.annotations.push(word(limit, app.say("page.line.cap", { percent: `${Math.round(limit * 100)}%` }), CAP, "bottom"));
    }
    return found;
  }

  /** One of Plotly's figures as it is shown, zoomed or not, in the theme's colours. */
  app.plotDrawing = (card, title) => async (ink) => {
    const { data, layout, legend } = structuredClone(card.figure);
    const extra = lines(card, ink);
    for (const axis of ["xaxis", "yaxis"]) {
      Object.assign(layout[axis], { gridcolor: ink.line, linecolor: ink.line, tickcolor: ink.line, color: ink.muted, range: [...card.plot.layout[axis].range] });
    }
    Object.assign(layout, FIGURE, {
      font: { ...layout.font, color: ink.muted }, margin: { ...layout.margin, r: Math.max(layout.margin.r, 90) },
      shapes: [...(layout.shapes ?? []), ...extra.shapes], annotations: [...(layout.annotations ?? []), ...extra.annotations],
    });
    const url = await window.Plotly.toImage({ data, layout }, { format: "svg", ...FIGURE });
    const drawn = new DOMParser().parseFromString(decodeURIComponent(url.slice(url.indexOf(",") + 1)), "image/svg+xml").documentElement;
    return { title, legend, body: { node: document.importNode(drawn, true), ...FIGURE }, caption: card.saved ?? card.caption.textContent };
  };

  /** A ladder's strip: the cells of ten per cents, right or wrong with their signs, and what it says. */
  function strip(made, percents, top, wide, ink) {
    const step = wide / percents.length, node = make("g", { transform: `translate(0 ${top})` });
    const by = new Map(made.rungs.map((rung) => [rung.percent, rung]));
    const fills = { right: RIGHT, wrong: WRONG, none: ink.hatch, open: ink.dense };
    const signs = { right: "✓", wrong: "✗", none: "–", open: "" };
    const title = app.strips.titleOf(made.allocator);
    node.append(text(0, 12, title, { "font-weight": 600, fill: ink.ink }), text(app.svg.width(title, 12, 600) + 14, 12, made.words, { fill: ink.ink }));
    percents.forEach((percent, i) => {
      const rung = by.get(percent), kind = app.strips.stateOf(rung);
      const cell = make("rect", { x: i * step, y: 20, width: step - 2, height: 30, rx: 4, fill: fills[kind] });
      if (rung) cell.append(make("title", {}, [app.say("page.pair", { what: `${percent}%`, value: rung.answer ?? rung.problem ?? "" })]));
      node.append(cell, text((i + 0.5) * step - 1, 40, signs[kind], { "font-size": 15, "font-weight": 700, "text-anchor": "middle", fill: "#ffffff" }));
    });
    for (const rung of made.rungs) {
      if (percents.includes(rung.percent)) continue;
      const x = ((rung.percent + 5) / 100) * wide;
      node.append(make("rect", { x: x - 2, y: 53, width: 4, height: rung.same ? 10 : 6, fill: fills[app.strips.stateOf(rung)] }));
    }
    return node;
  }

  /** The strips of the last breaking point. */
  app.ladderDrawing = (ink) => {
    const { strips, percents, question, dense } = state.ladder;
    const wide = 820, high = 72;
    const node = make("g", {}, strips.map((made, i) => strip({ ...made, words: app.strips.verdict(made, percents) }, percents, i * high, wide, ink)));
    percents.forEach((percent, i) => {
      node.append(text((i + 0.5) * (wide / percents.length), strips.length * high + 10, `${percent}%`, { "font-size": 11, "text-anchor": "middle", fill: ink.muted }));
    });
    const title = question ? app.say("page.ladder.result", { question: app.strips.quoted(question) }) : app.say("page.ladder.result_picture");
    const about = dense === undefined ? "" : app.say("page.ladder.dense", { answer: app.strips.quoted(dense) });
    const legend = [["right", RIGHT], ["wrong", WRONG]].map(([kind, colour]) => ({ mark: "", colour, words: app.say(kind === "right" ? "page.ladder.right" : "page.ladder.wrong") }));
    return { title, about: `${state.name ?? ""} ${about}`.trim(), legend, body: { node, width: wide, height: strips.length * high + 16 }, caption: app.say("page.ladder.note") };
  };
})();
