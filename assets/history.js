// Undo and redo, and the list of locks. Every settled change of the recipe is a step; going back sets every knob at once.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { state } = app;
  const MOST = 100;
  const steps = []; // snapshots of every knob, oldest first
  const showing = []; // what tells the buttons what they would do now
  let at = -1; // the step that is shown, or that Python has been asked for
  let layers = ""; // that the steps are about

  const WHAT = {
    percent: "page.history.percent", cap_mode: "page.history.cap", margin: "page.history.margin", cap: "page.history.cap",
    granularity: "page.history.granularity", allocator: "page.history.allocator", bridge: "page.history.bridge",
    pattern: "page.history.pattern", scores: "page.history.scores",
  };

  const sorted = (key, value) =>
    value && typeof value === "object" && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).sort()) : value;
  const same = (one, other) => JSON.stringify(one, sorted) === JSON.stringify(other, sorted);

  /** Keep what is shown as a step, unless it is the one we are at; what had been undone is gone then. */
  app.remember = () => {
    if (!state.table || state.playing || app.waiting()) return;
    const now = app.snapshot();
    if (at >= 0 && same(now, steps[at])) return;
    steps.splice(at + 1);
    steps.push(now);
    if (steps.length > MOST + 1) steps.shift();
    at = steps.length - 1;
    app.stepped?.();
  };

  /** Go back (-1) or on (1). */
  function go(by) {
    app.remember();
    const next = steps[at + by];
    if (!next) return;
    at += by;
    app.restore(next, () => {
      at = Math.max(0, steps.findLastIndex((step) => same(step, app.snapshot())));
      app.stepped?.();
    });
    app.stepped?.();
  }

  /** Begin anew with what is shown: nothing before it can be undone. */
  app.beginHistory = () => {
    steps.length = 0;
    at = -1;
    app.remember();
  };

  app.undo = () => go(-1);
  app.redo = () => go(1);

  function knobWords(key, value) {
    if (key === "percent" || key === "margin" || key === "cap") return `${value}%`;
    if (key === "bridge") return value ? app.say("page.history.on") : app.say("page.history.off");
    if (key === "scores") return app.scoresWords(value);
    return app.say(`page.rail.${key}.${value}`);
  }

  function lockChanges(from, to) {
    const names = [...new Set([...Object.keys(from), ...Object.keys(to)])].filter((name) => from[name] !== to[name]);
    return names.map((name) => {
      const facts = { name: app.lockWords(name), sparsity: app.share(to[name] ?? 0) };
      return name in to ? app.say("page.history.lock", facts) : app.say("page.history.free", facts);
    });
  }

  /** What differs between two steps, in words. */
  function changes(from, to) {
    const knobs = Object.keys(WHAT).filter((key) => from[key] !== to[key]).map((key) =>
      app.say("page.history.change", { what: app.say(WHAT[key]), from: knobWords(key, from[key]), to: knobWords(key, to[key]) }));
    const found = [...knobs, ...lockChanges(from.overrides, to.overrides)];
    const more = found.length > 3 ? [app.say("page.history.more", { count: found.length - 3 })] : [];
    return app.list([...found.slice(0, 3), ...more]);
  }

  const typing = (node) =>
    node.closest?.("input:not([type=range], [type=checkbox], [type=radio]), textarea, select, [contenteditable=true], dialog");

  document.addEventListener("keydown", (event) => {
    const letter = event.key.toLowerCase();
    if (!(event.ctrlKey || event.metaKey) || event.altKey || (letter !== "z" && letter !== "y") || typing(event.target)) return;
    event.preventDefault();
    if (letter === "y" || event.shiftKey) app.redo();
    else app.undo();
  });

  /** Undo or Redo: never disabled in the way that takes the focus from who has just pressed it. */
  function stepButton(by, key) {
    const button = app.el("button", "", by < 0 ? "↶" : "↷");
    button.setAttribute("aria-label", app.say(key));
    button.dataset.step = by < 0 ? "undo" : "redo";
    button.addEventListener("click", () => go(by));
    const show = () => {
      const next = steps[at + by];
      button.setAttribute("aria-disabled", String(!next));
      const what = next ? changes(steps[at], next) : app.say("page.history.nothing");
      button.title = app.say(by < 0 ? "page.history.undo_hint" : "page.history.redo_hint", { what });
    };
    showing.push(show);
    show();
    return button;
  }

  /** Undo and Redo, for where they are always in sight. */
  app.stepButtons = () => [stepButton(-1, "page.history.undo"), stepButton(1, "page.history.redo")];

  app.mount.history = ({ element }) => {
    const body = element.querySelector(".mount");
    const locks = app.el("section", "locks");
    body.replaceChildren(locks);
    app.stepped = () => {
      showing.forEach((show) => show());
      body.dataset.steps = `${at}/${steps.length - 1}`;
    };
    app.stepped();
    let seen = {};
    app.on(element, ({ table, knobs, grid }) => {
      if (seen.table === table && seen.knobs === knobs && seen.grid === grid) return; // the hand has moved, no more
      if (seen.grid !== grid) forget(grid);
      seen = { table, knobs, grid };
      app.remember();
      app.drawLocks(locks);
    });
  };

  /** Other layers: what was done to the old ones cannot be undone on these. */
  function forget(grid) {
    const names = grid.layers.map((info) => info.name).join();
    if (names === layers) return;
    layers = names;
    steps.length = 0;
    at = -1;
    app.stepped();
  }
})();
