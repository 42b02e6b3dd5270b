// The layer above each figure: where the target, the cap and the selected group are, moved with every step of the hand.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { state } = app;
  const WORD = 17; // pixels that a line of words is high

  function rule(kind) {
    const words = app.el("span");
    return { node: app.el("div", `rule ${kind}`, "", [words]), words };
  }

  /** Add the lines to a card: a cursor for the curves, else target and cap, and a mark for the selected group. */
  function attach(card) {
    card.target = rule("target");
    card.cap = rule("cap");
    card.mark = app.el("div", "mark");
    card.place = [];
    const parts = card.name === "curves" ? [card.target.node] : [card.cap.node, card.target.node, card.mark];
    card.over.classList.toggle("upright", card.name === "curves");
    card.over.replaceChildren(...parts);
  }

  /** Where a value stands on an axis in pixels, or null where it is zoomed out of sight. */
  function at(card, axis, value) {
    const { range, type } = card.plot.layout[axis];
    const part = ((type === "log" ? Math.log10(value) : value) - range[0]) / (range[1] - range[0]);
    if (part < -0.001 || part > 1.001) return null;
    const { l, r, t, b } = card.figure.layout.margin;
    const [wide, high] = [card.width - l - r, card.figure.layout.height - t - b];
    return axis === "xaxis" ? l + part * wide : t + (1 - part) * high;
  }

  function hide(node, hidden) {
    if (node.hidden !== hidden) node.hidden = hidden;
  }

  /** The words of two lines never overlap: the cap's stand above its line, the target's below, both inside. */
  function labels(card, target, cap) {
    const bottom = card.figure.layout.height - card.figure.layout.margin.b;
    const below = Math.min(target ?? 0, bottom - WORD);
    if (target !== null) card.target.words.style.transform = `translateY(${below - target}px)`;
    if (cap !== null) card.cap.words.style.transform = `translateY(${Math.max(-cap, Math.min(-WORD, below - WORD - cap))}px)`;
  }

  function line(part, place, words, move) {
    hide(part.node, place === null);
    if (place === null) return;
    part.node.style.transform = move;
    app.put(part.words, words);
  }

  /** Move the lines to what the hand shows. */
  function follow(card) {
    const { table, row } = state;
    if (!table || !card.plot.layout) return;
    const percent = app.say("page.line.target", { percent: `${row}%` });
    card.over.dataset.target = row;
    if (card.name === "curves") {
      const x = at(card, "xaxis", row / 100);
      line(card.target, x, percent, `translateX(${x}px)`);
      card.over.classList.toggle("late", row > 60);
    } else {
      const limit = table.pattern === "unstructured" ? table.caps[row] : 1;
      const [y, top] = [at(card, "yaxis", row / 100), limit < 1 ? at(card, "yaxis", limit) : null];
      line(card.target, y, percent, `translateY(${y}px)`);
      line(card.cap, top, app.say("page.line.cap", { percent: `${Math.round(limit * 100)}%` }), `translateY(${top}px)`);
      labels(card, y, top);
      mark(card);
    }
  }

  /** Frame the column, or ring the point, of the group that the selected layer is in. */
  function mark(card) {
    const spot = card.figure.spots[card.place[state.selected]];
    const [x, y] = spot ? [at(card, "xaxis", spot[0]), at(card, "yaxis", spot.at(-1))] : [null, null];
    hide(card.mark, x === null || y === null);
    card.mark.dataset.group = spot ? card.place[state.selected] : "";
    if (card.mark.hidden) return;
    const right = spot.length === 3 ? at(card, "xaxis", spot[1]) ?? x : null;
    const bottom = card.figure.layout.height - card.figure.layout.margin.b;
    const style = card.mark.style;
    style.transform = right === null ? `translate(${x - 9}px, ${y - 9}px)` : `translate(${x - 1}px, ${y - 1}px)`;
    style.width = right === null ? "18px" : `${Math.max(3, right - x + 2)}px`;
    style.height = right === null ? "18px" : `${bottom - y + 2}px`;
  }

  /** After drawing: the lines' length, the groups' places, then as the hand shows. */
  function place(card, groups = card.place) {
    card.place = groups;
    const { l, r, t, b } = card.figure.layout.margin;
    card.over.style.setProperty("--left", `${l}px`);
    card.over.style.setProperty("--wide", `${card.width - l - r}px`);
    card.over.style.setProperty("--top", `${t}px`);
    card.over.style.setProperty("--high", `${card.figure.layout.height - t - b}px`);
    follow(card);
  }

  app.overlay = { attach, follow, place };
})();
