// Scores that are being measured: how far that is, the line in the rail, and the map that fills meanwhile.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { state } = app;
  const body = (element) => element.querySelector(".mount");
  const say = (key, facts) => app.say(`page.scoring.${key}`, facts);

  /** What the dialog and the rail share: the run as Python last told it, and what this page has to do with it. */
  const run = { now: null, value: null, grid: null, choices: [], mine: 0, used: 0, stopping: false, listeners: [] };
  const running = () => run.now?.state === "running";
  const percent = () => (run.now?.total ? app.share(run.now.done / run.now.total, 0) : "");

  /** Share out by other scores from now on; undo brings the old ones back. */
  function use(scores) {
    if (!state.table) return; // the first ones come by themselves
    if (state.knobs.scores === scores) settled();
    else app.restore({ ...app.snapshot(), scores }, settled);
  }

  /** The map shows the scores in use again. */
  function settled() {
    state.measured = null;
    app.tell();
  }

  /** The map follows a run while it goes on, and where there are no scores at all what the last one left. */
  function follow({ run: now, map }) {
    run.grid = state.grid;
    const fits = map && map.of === state.grid.of && map.scores.length === state.grid.layers.length;
    const shown = fits && (now.state === "running" || !state.table);
    const numbers = (values) => Float64Array.from(values, (value) => value ?? NaN);
    if (shown) state.measured = { scores: numbers(map.scores), stderr: numbers(map.stderr) };
    else if (now?.state !== "done" || run.mine !== now.number) state.measured = null; // else until the new scores are there
    if (shown && !state.table && state.view !== "score") app.show("score");
    else app.tell();
  }

  /** What this page asked for has ended: its scores are used. */
  function finish(value) {
    const now = value.run;
    if (!now || now.state !== "done" || now.number !== run.mine || run.used === now.number) return;
    run.used = now.number;
    use(now.knob);
  }

  /** What people call the scores that a knob's value names. */
  app.scoresWords = (value) => run.choices.find(([, known]) => known === value)?.[0] ?? app.say("page.rail.scores.own");

  function button(kind, key) {
    const made = app.el("button", kind, say(key));
    made.type = "button";
    return made;
  }

  function meter() {
    const fill = app.el("i");
    const bar = app.el("span", "meter", "", [fill]);
    bar.setAttribute("role", "progressbar");
    bar.setAttribute("aria-label", say("title"));
    return { bar, set: (share) => {
      fill.style.width = `${share * 100}%`;
      bar.setAttribute("aria-valuenow", String(Math.round(share * 100)));
    } };
  }

  const share = (now) => (now?.total ? now.done / now.total : 0);

  /** Below the choice of scores: the way into the dialog, and how far a run is. */
  app.mount.measure = ({ element }) => {
    const open = button("toggle measure", "button");
    const progress = meter();
    const words = app.el("span", "words");
    words.setAttribute("role", "status");
    const chosen = app.el("p", "chosen"); // the list's own line is too short for it
    const offer = button("toggle use", "use");
    const title = app.el("small");
    offer.append(title);
    const line = app.el("div", "run", "", [progress.bar, words]);
    body(element).replaceChildren(chosen, open, line, offer);
    open.addEventListener("click", () => app.openScoring());
    offer.addEventListener("click", () => use(run.now.knob));
    function draw(now) {
      open.hidden = state.status === "scores"; // nothing to measure on
      line.hidden = !running();
      progress.set(share(now));
      words.textContent = running() ? app.list([say("short", { percent: percent() }), now.left].filter(Boolean)) : "";
      title.textContent = now?.title ?? "";
      app.put(chosen, state.table && run.choices.length > 1 ? app.scoresWords(state.knobs.scores) : "");
      offer.hidden = !(now?.state === "done" && state.table && now.knob !== state.knobs.scores);
      Object.assign(body(element).dataset, { state: now?.state ?? "", done: now?.done ?? 0 });
    }
    run.listeners.push(draw);
    app.on(element, () => run.value && run.grid !== state.grid && follow(run.value)); // the layers came after the news
    app.rest(element, () => draw(run.now));
    draw(run.now);
  };

  /** The typical error bar now, and its way down. */
  function precision({ precision: now, history, single, state: how }) {
    const none = single ? "precision.single" : how === "running" ? "precision.none" : "precision.few";
    const words = now === null ? say(none) : say("precision.value", { share: app.share(now) });
    const parts = [app.el("span", "", say("precision")), app.el("b", "", words)];
    if (history.length > 1) parts.push(spark(history));
    const line = app.el("div", "precision", "", parts);
    line.dataset.precision = now ?? "";
    return line;
  }

  function report(now, progress) {
    const parts = [app.el("h3", "", now.title), progress.bar, app.el("p", now.state === "failed" ? "problem" : "words", now.words)];
    if (now.total && now.state !== "failed") parts.push(precision(now));
    return parts;
  }

  /** A small line: the typical error bar over the share of the run that is done. */
  function spark(history) {
    const make = (tag, attributes) => {
      const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
      for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
      return node;
    };
    const most = Math.max(...history.map(([, error]) => error)) || 1;
    const points = history.map(([done, error]) => `${(done * 120).toFixed(1)},${(26 - (error / most) * 24).toFixed(1)}`);
    const facts = { first: app.share(history[0][1]), last: app.share(history.at(-1)[1]) };
    const picture = make("svg", { viewBox: "0 0 120 28", class: "spark", role: "img", "aria-label": say("precision.line", facts) });
    picture.dataset.points = history.length;
    picture.append(make("path", { d: "M0 26.5H120", class: "frame" }), make("polyline", { points: points.join(" ") }));
    return picture;
  }

  /** News from Python: the map follows, what this page asked for is used, the rail says how far it is. */
  function take(value) {
    Object.assign(run, { now: value.run, choices: value.choices, value });
    run.stopping &&= running();
    follow(value);
    finish(value);
    run.listeners.forEach((draw) => draw(run.now));
  }

  app.scoring = { run, running, use, take, share, meter, report, button };
})();
