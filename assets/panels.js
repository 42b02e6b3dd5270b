// The panels that follow the hand: headline, strip, selected layer, and the state of the model at the top.
(() => {
  "use strict";
  const app = window.ecoflap;
  const body = (element) => element.querySelector(".mount");

  app.mount.headline = ({ element }) => {
    const value = app.el("output", "big");
    value.setAttribute("for", "target");
    const toggle = app.el("button", "toggle", app.say("page.rail.settings"));
    toggle.setAttribute("aria-expanded", "false");
    toggle.addEventListener("click", () => {
      const open = document.getElementById("rail").classList.toggle("open");
      toggle.setAttribute("aria-expanded", String(open));
    });
    const line = app.el("div", "line", "", [value, app.el("span", "unit", app.say("page.rail.unit")), toggle]);
    body(element).replaceChildren(app.el("h2", "", app.say("page.rail.target")), line);
    app.on(element, (state) => (value.textContent = `${state.percent}%`));
  };

  /** Below the slider, so that a sentence that appears never moves the slider under the hand. */
  app.mount.problem = ({ element }) => {
    const problem = app.el("p", "problem");
    problem.setAttribute("role", "alert");
    body(element).replaceChildren(problem);
    app.on(element, (state) => {
      problem.textContent = state.problem;
      problem.hidden = !state.problem || !state.table; // without a table the strip says it
    });
  };

  function bar(fraction, colour) {
    const fill = app.el("i");
    fill.style.width = `${Math.max(0, Math.min(1, fraction)) * 100}%`;
    fill.style.background = colour;
    return app.el("span", "bar", "", [fill]);
  }

  function achieved(state) {
    const { table, row } = state;
    const sure = app.confirmed();
    const value = sure ? sure.achieved : 1 - table.kept[row] / table.total;
    const facts = { zero: app.number(table.total - table.kept[row]), total: app.number(table.total) };
    const big = app.el("div", "big", app.share(value));
    big.dataset.role = "achieved";
    const goal = app.say("page.strip.target", { target: `${row}%` });
    return app.el("section", "card", "", [
      app.el("h2", "", app.say("page.strip.achieved")),
      app.el("div", "line", "", [big, app.el("span", "unit", goal)]),
      app.el("p", "", app.say("page.strip.denominator", facts)),
    ]);
  }

  function modalities(state) {
    const { table, row, grid } = state;
    const rows = table.modalities.map((part) => {
      const band = grid.bands.find((entry) => entry.modality === part.name);
      const share = part.kept[row] / part.size;
      const words = part.prunable
        ? app.say("page.strip.kept", { share: app.share(share), kept: app.short(part.kept[row]), size: app.short(part.size) })
        : app.say("page.strip.whole", { size: app.short(part.size) });
      const line = app.el("div", "share", "", [app.el("span", "name", band.title), bar(share, band.colour), app.el("span", "number", words)]);
      line.dataset.modality = part.name;
      line.dataset.kept = part.kept[row];
      return line;
    });
    const never = state.dense.map(([kind, weights]) => `${kind} ${app.short(weights)}`).join(", ");
    const note = app.say("page.strip.modalities_note") + (never ? ` ${app.say("page.strip.never", { parts: never })}` : "");
    return app.el("section", "card wide", "", [
      app.el("h2", "", app.say("page.strip.modalities")), ...rows, app.el("p", "", note),
    ]);
  }

  function storage(state) {
    const { table, row } = state;
    const [dense, sparse] = [table.dense_bytes, table.sparse_bytes[row]];
    const most = Math.max(dense, sparse);
    const line = (key, size, colour) =>
      app.el("div", "share", "", [app.el("span", "name", app.say(key)), bar(size / most, colour), app.el("span", "number", app.bytes(size))]);
    return app.el("section", "card", "", [
      app.el("h2", "", app.say("page.strip.storage")),
      line("page.strip.dense", dense, "var(--muted)"),
      line("page.strip.sparse", sparse, "var(--accent)"),
      app.el("p", "", `${app.say("page.strip.storage_note", { bits: table.bits })} ${app.say(`page.strip.zeros.${table.pattern}`)}`),
    ]);
  }

  app.mount.strip = ({ element, props, watch }) => {
    app.on(element, (state) => {
      if (!state.table) {
        const kind = state.status === "error" ? "problem" : "waiting";
        body(element).replaceChildren(app.el("section", "card whole", "", [app.el("p", kind, state.problem)]));
        return;
      }
      body(element).replaceChildren(achieved(state), modalities(state), storage(state));
      body(element).dataset.percent = state.row;
      body(element).dataset.confirmed = app.confirmed() ? state.row : "";
    });
    watch("value", () => app.confirm(props.value));
    app.confirm(props.value);
  };

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

  app.mount.status = ({ element, props, watch }) => {
    // The button stays the same one: whoever stands on it must not lose it when the words beside it change.
    const [name, chip] = [app.el("span", "model"), app.el("span")];
    chip.setAttribute("role", "status");
    const change = app.el("button", "toggle change", app.say("page.models.change"));
    change.addEventListener("click", () => app.openModels());
    const light = app.el("button", "toggle light", app.say("page.theme"));
    light.addEventListener("click", () => document.body.classList.toggle("dark"));
    body(element).replaceChildren(app.el("h1", "", app.say("page.title")), name, change, chip, light);
    const draw = () => {
      const { state, words, dense, found, model } = props.value;
      app.state.status = state;
      app.state.found = found ?? "";
      app.state.dense = dense ?? []; // what is never pruned, known as soon as the model is there
      app.tell();
      name.textContent = model;
      chip.className = `chip ${state}`;
      chip.textContent = words;
    };
    watch("value", draw);
    draw();
  };
})();
