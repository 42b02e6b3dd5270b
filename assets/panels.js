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
