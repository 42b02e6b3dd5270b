// The selected layer: what is known of it, what is asked about it, and locking it.
(() => {
  "use strict";
  const app = window.ecoflap;
  const body = (element) => element.querySelector(".mount");

  /** A figure of any size to so many significant digits. */
  function figure(value, digits) {
    if (value === 0) return "0";
    return Math.abs(value) < 1e-3 ? value.toExponential(digits - 1) : value.toPrecision(digits);
  }

  /** What is known of a layer at the shown target: pairs of word and value. */
  app.facts = (layer) => {
    const { grid, table } = app.state;
    const info = grid.layers[layer];
    const size = info.rows * info.cols;
    const value = table.prunable[layer] ? app.sparsity(layer) : 0;
    const sure = app.confirmed();
    const kept = sure ? app.number(sure.kept[layer]) : app.say("page.layer.about", { kept: app.short(size * (1 - value)) });
    const score = figure(info.score, 3);
    return [
      [app.say("page.layer.sparsity"), app.share(value) + (app.capped(layer) ? ` ${app.say("page.layer.capped")}` : "")],
      [app.say("page.layer.kept"), app.say("page.layer.kept_of", { kept, size: app.number(size) })],
      [app.say("page.layer.shape"), `${app.number(info.rows)} × ${app.number(info.cols)}`],
      [app.say("page.layer.score"), info.stderr === null ? score : `${score} ± ${figure(info.stderr, 2)}`],
    ];
  };

  /** A small line: this layer's sparsity at every target, with the cursor. */
  function spark(layer) {
    const { table, row, grid } = app.state;
    const make = (tag, attributes) => {
      const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
      for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
      return node;
    };
    const points = [];
    for (let p = 0; p < 96; p++) if (table.reachable[p]) points.push(`${p * 2},${100 - app.sparsityAt(layer, p) * 100}`);
    const picture = make("svg", { viewBox: "-2 -4 194 108", class: "spark", role: "img", "aria-label": app.say("page.layer.spark") });
    picture.append(
      make("path", { d: "M0 0V100H190", class: "frame" }),
      make("polyline", { points: points.join(" "), style: `stroke:${grid.bands[grid.layers[layer].band].colour}` }),
      make("line", { x1: row * 2, x2: row * 2, y1: 0, y2: 100, class: "cursor" }),
      make("circle", { cx: row * 2, cy: 100 - app.sparsity(layer) * 100, r: 4 }),
    );
    return picture;
  }

  app.mount.layer = ({ element }) => {
    app.on(element, (state) => {
      const title = app.el("h2", "", app.say("page.layer.title"));
      body(element).dataset.layer = state.selected;
      if (state.selected < 0 || !state.table) {
        body(element).replaceChildren(title, app.el("p", "", app.say("page.layer.hint")));
        return;
      }
      const info = state.grid.layers[state.selected];
      const list = app.el("dl");
      for (const [key, value] of app.facts(state.selected)) list.append(app.el("dt", "", key), app.el("dd", "", value));
      const parts = [title, app.el("strong", "words", info.words), list];
      if (state.table.prunable[state.selected]) parts.push(spark(state.selected), app.el("p", "", app.say("page.layer.spark")));
      else parts.push(app.el("p", "", app.say("page.layer.whole")));
      parts.push(app.el("p", "", app.say("page.layer.score_note")), app.el("code", "raw", info.name));
      body(element).replaceChildren(...parts);
    });
  };
})();
