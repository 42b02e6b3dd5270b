// The strip above the map: achieved sparsity, kept weights, storage. Built once, then only words and widths change.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { el, say, put } = app;
  const PATTERNS = ["2:4", "4:8"]; // whose zeros can be packed
  const MOST_LINES = 4, LINE = 20; // px: dense, packed, bitmask, CSR

  /** A bar that is scaled instead of resized: nothing around it has to be laid out again. */
  function bar(colour) {
    const fill = el("i");
    fill.style.background = colour;
    const set = (share) => (fill.style.transform = `scaleX(${Math.max(0, Math.min(1, share))})`);
    return { node: el("span", "bar", "", [fill]), set };
  }

  function achieved() {
    const [big, goal, note] = [el("div", "big"), el("span", "unit"), el("p")];
    big.dataset.role = "achieved";
    const node = el("section", "card", "", [
      el("h2", "", say("page.strip.achieved")), el("div", "line", "", [big, goal]), note,
    ]);
    const draw = ({ table, row }) => {
      const sure = app.confirmed();
      put(big, app.share(sure ? sure.achieved : 1 - table.kept[row] / table.total));
      put(goal, say("page.strip.target", { target: `${row}%` }));
      const facts = { zero: app.number(table.total - table.kept[row]), total: app.number(table.total) };
      put(note, say("page.strip.denominator", facts));
    };
    return { node, draw };
  }

  /** One modality: its name, a bar, how much is kept, and its sparsity. */
  function modality(part, index, band) {
    const [shown, number, sparsity] = [bar(band.colour), el("span", "number"), el("span", "number")];
    const node = el("div", "share", "", [el("span", "name", band.title), shown.node, number, sparsity]);
    node.dataset.modality = part.name;
    const draw = ({ table, row }) => {
      const { kept, size, prunable } = table.modalities[index];
      const share = kept[row] / size;
      const facts = { kept: app.short(kept[row]), size: app.short(size) };
      shown.set(share);
      put(number, prunable ? say("page.strip.kept", facts) : say("page.strip.whole", facts));
      put(sparsity, app.share(1 - share));
      node.dataset.kept = kept[row];
    };
    return { node, draw };
  }

  function modalities({ table, grid }) {
    const rows = table.modalities.map((part, i) => modality(part, i, grid.bands.find((band) => band.modality === part.name)));
    const heads = ["", "", say("page.strip.head.kept"), say("page.strip.head.sparsity")].map((word) => el("span", "number", word));
    const note = el("p");
    const node = el("section", "card wide", "", [
      app.what("page.strip.modalities", "page.strip.modalities.what"), el("div", "share heads", "", heads), ...rows.map((row) => row.node), note,
    ]);
    const draw = (state) => {
      rows.forEach((row) => row.draw(state));
      const { table, row, dense } = state;
      const count = table.capped[row];
      const never = app.list(dense.map(([kind, weights]) => `${kind} ${app.short(weights)}`));
      const all = table.prunable.filter(Boolean).length;
      const capped = table.pattern === "unstructured" ? say("page.strip.capped", { count, all: app.number(all) }) : "";
      put(note, [capped, never && say("page.strip.never", { parts: never })].filter(Boolean).join(" "));
      node.dataset.capped = count;
    };
    return { node, draw };
  }

  /** One format: its name, a bar and its bytes; `size` reads them from the table. */
  function format(words, colour, size) {
    const [shown, number] = [bar(colour), el("span", "number")];
    const node = el("div", "share", "", [el("span", "name", words), shown.node, number]);
    const draw = (table, row, most, least) => {
      const bytes = size(table, row);
      shown.set(bytes / most);
      put(number, app.bytes(bytes));
      node.dataset.bytes = bytes;
      node.dataset.smallest = String(bytes === least);
    };
    return { node, size, draw };
  }

  /** The note below so many lines. Unseen behind it stand those of every pattern, so that none makes the card grow. */
  function notes(table, lines) {
    const formats = (pattern) => say(PATTERNS.includes(pattern) ? "page.strip.storage_bits" : "page.strip.storage_note", { bits: table.bits });
    const words = (pattern) => `${formats(pattern)} ${say(`page.strip.zeros.${pattern}`)}`;
    const room = PATTERNS.map((pattern) => {
      const note = el("p", "unseen", words(pattern));
      note.style.paddingTop = `${Math.max(0, MOST_LINES - lines) * LINE}px`;
      note.setAttribute("aria-hidden", "true");
      return note;
    });
    return el("div", "notes", "", [el("p", "", words(table.pattern)), ...room]);
  }

  function storage({ table }) {
    const formats = table.storage.map((entry, i) => {
      const words = say(`page.strip.format.${entry.format}`, { pattern: table.pattern });
      return format(words, "var(--accent)", (now, row) => now.storage[i].bytes[row]);
    });
    const all = [format(say("page.strip.dense"), "var(--muted)", (now) => now.dense_bytes), ...formats];
    const node = el("section", "card", "", [
      el("h2", "", say("page.strip.storage")), ...all.map((entry) => entry.node), notes(table, all.length),
    ]);
    const draw = ({ table: now, row }) => {
      const sizes = all.map((entry) => entry.size(now, row));
      const [most, least] = [Math.max(...sizes), sizes.indexOf(Math.min(...sizes))];
      all.forEach((entry, i) => entry.draw(now, row, most, i === least ? sizes[i] : -1));
    };
    return { node, draw };
  }

  app.mount.strip = ({ element, props, watch }) => {
    const body = element.querySelector(".mount");
    let built = null, parts = [];

    /** What decides which lines there are; the same lines only get other words. */
    const shape = ({ table, grid }) =>
      [grid.model, table.pattern, table.bits, ...table.modalities.map((part) => part.name)].join("|");

    app.on(element, (state) => {
      if (!state.table) {
        const kind = state.status === "error" ? "problem" : "waiting";
        body.replaceChildren(el("section", "card whole", "", [el("p", kind, state.problem)]));
        built = null;
        return;
      }
      if (built !== shape(state)) {
        built = shape(state);
        parts = [achieved(), modalities(state), storage(state)];
        body.replaceChildren(...parts.map((part) => part.node));
      }
      parts.forEach((part) => part.draw(state));
      body.dataset.percent = state.row;
      body.dataset.confirmed = app.confirmed() ? state.row : "";
    });
    watch("value", () => app.confirm(props.value));
    app.confirm(props.value);
  };
})();
