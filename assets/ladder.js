// Breaking point: the action beneath the answers, the strips that fill while the model is asked, and what it says where.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { place, row, axis, walk, titleOf, quoted, stateOf } = app.strips;
  const body = (element) => element.querySelector(".mount");

  /** What is in the box of the question now; a classifier has none. */
  const typed = () => document.querySelector("#question textarea, #question input")?.value.trim() ?? "";
  /** Whether a value is of the question and the model that are shown. */
  const fits = (value) => value.of === app.state.grid.of && (!value.question || value.question.trim() === typed());
  app.fits = fits;

  const PATIENCE = 10000; // ms after which a click is no longer waited for: the connection may be gone
  /** From a click until its first value: a second click, as of a double one, is the same wish. Then the value's words. */
  app.once = (problem) => {
    let since = -Infinity;
    const begun = () => performance.now() - since < PATIENCE;
    function begin() {
      if (begun()) return false;
      since = performance.now();
      Object.assign(problem, { hidden: false, className: "waiting", textContent: app.say("page.ladder.starting") });
      return true;
    }
    function tell(value) {
      if (begun()) return;
      const className = value?.state === "error" ? "problem" : "waiting";
      Object.assign(problem, { hidden: !value?.words, className, textContent: value?.words ?? "" });
    }
    return { begin, tell, end: () => (since = -Infinity) };
  };

  /** How long it still takes, and the way to stop it. Its nodes stay: a button that is drawn anew misses its click. */
  app.progress = (halt) => {
    const left = app.el("span", "unit");
    const stop = app.el("button", "toggle stop", app.say("page.ladder.stop"));
    left.setAttribute("role", "status");
    stop.addEventListener("click", halt);
    const words = (value) => {
      if (value.state !== "busy") return value.state === "stopped" ? app.say("page.ladder.stopped") : "";
      if (value.seconds == null) return app.say("page.ladder.starting");
      return app.say("page.ladder.left", { seconds: Math.max(1, Math.ceil(value.seconds)), steps: value.left });
    };
    const draw = (value) => {
      left.textContent = words(value);
      stop.hidden = value.state !== "busy";
    };
    return { nodes: [stop, left], draw }; // the button first: it must not move while the words beside it change
  };

  const locks = (count) => app.say(["page.ladder.locks.none", "page.ladder.locks.one"][count] ?? "page.ladder.locks", { count });

  /** What a value was made with and stands differently now, in words: what it was. */
  function changed(value) {
    const made = value.knobs, now = app.state.table?.knobs;
    if (!now) return "";
    if (!app.state.grid.model.startsWith(`${value.model}:`)) return app.say("page.ladder.scores");
    const known = (key) => (app.say(key) === key ? null : app.say(key));
    const words = (name, value) => {
      if (name === "overrides") return locks(Object.keys(value).length);
      const said = typeof value === "boolean" ? app.say(value ? "page.ladder.yes" : "page.ladder.no") : known(`page.rail.${name}.${value}`);
      const told = said ?? (typeof value === "number" ? `${value}%` : value || "–");
      return app.say("page.pair", { what: known(`page.rail.${name}`) ?? name, value: told });
    };
    const differs = (name) => JSON.stringify(made[name]) !== JSON.stringify(now[name]);
    return app.clauses(Object.keys(made).filter(differs).map((name) => words(name, made[name])));
  }

  /** The two actions beside each other; which allocators are to climb is the browser's alone. */
  function actions(climb) {
    const boxes = app.el("div", "boxes");
    const start = app.el("button", "primary", app.say("page.ladder.start"));
    const pattern = app.el("p", "off", app.say("page.ladder.pattern"));
    const why = app.el("button", "primary");
    [start.dataset.action, why.dataset.action] = ["climb", "explain"];
    const inputs = () => [...boxes.querySelectorAll("input[value]")];
    const chosen = () => inputs().filter((box) => box.checked).map((box) => box.value);
    start.addEventListener("click", () => climb(chosen()));
    why.addEventListener("click", () => app.explain());
    const field = app.el("fieldset", "", "", [app.el("legend", "", app.say("page.ladder.allocators")), boxes]);
    const node = app.el("div", "actions", "", [
      app.el("div", "action", "", [app.el("h3", "", app.say("page.ladder.title")), app.el("p", "", app.say("page.ladder.lead")), field, pattern, start]),
      app.el("div", "action", "", [app.el("h3", "", app.say("page.blame.title")), app.el("p", "", app.say("page.blame.lead")), why]),
    ]);
    const allow = () => (start.disabled = Boolean(app.state.table && app.state.table.pattern !== "unstructured") || !chosen().length);

    /** Boxes for who can allocate here; the current one is preset until somebody chooses. */
    function fill() {
      const names = app.state.grid.allocators ?? [];
      const box = (label, value) => {
        const input = app.el("input");
        input.type = "checkbox";
        if (value) input.value = value;
        else input.removeAttribute("value");
        return [input, app.el("label", "", "", [input, app.el("span", "", label)])];
      };
      const [every, all] = box(app.say("page.ladder.all"), "");
      const rest = names.map((name) => box(titleOf(name), name));
      every.addEventListener("change", () => rest.forEach(([input]) => (input.checked = every.checked)));
      boxes.replaceChildren(...rest.map(([, label]) => label), all);
      boxes.onchange = () => {
        boxes.dataset.touched = "true";
        every.checked = rest.every(([input]) => input.checked);
        allow();
      };
      delete boxes.dataset.touched;
      boxes.dataset.names = names.join(" ");
    }

    function follow(state) {
      if (boxes.dataset.names !== (state.grid.allocators ?? []).join(" ")) fill();
      const own = state.table?.knobs?.allocator;
      if (!boxes.dataset.touched) for (const input of inputs()) input.checked = input.value === own;
      pattern.hidden = !state.table || state.table.pattern === "unstructured";
      allow();
    }
    /** It is about the shown target, and Python would take the slider's. */
    function reach({ table, percent, row, problem }) {
      const beyond = Boolean(table) && percent !== row;
      why.disabled = !table || beyond;
      why.title = beyond ? problem : "";
    }
    const ask = (percent) => (why.textContent = app.say("page.blame.start", { percent: `${percent}%` }));
    ask(app.state.row);
    return { node, follow, reach, ask };
  }

  /** What is said at one rung, with the way there. */
  function detail(strip, rung, value) {
    const kind = stateOf(rung);
    const title = app.say("page.ladder.detail", { allocator: titleOf(strip.allocator), percent: `${rung.percent}%` });
    const heading = app.el("h4", "", "", [app.el("b", "", title), app.el("span", `state ${kind}`, app.say({ right: "page.ladder.right", wrong: "page.ladder.wrong", none: "page.ladder.none" }[kind]))]);
    if (kind === "none") return [heading, app.el("p", "", rung.problem)];
    const parts = [heading, app.words(rung)];
    if (rung.loss !== null) parts.push(app.el("p", "", app.say("page.ladder.loss_here", { loss: rung.loss.toFixed(2) })));
    if (rung.cut) parts.push(app.el("p", "", app.say("page.ladder.cut")));
    const go = app.el("button", "toggle go", app.say("page.ladder.go", { percent: `${rung.percent}%` }));
    go.addEventListener("click", () => app.restore({ ...app.snapshot(), percent: rung.percent, allocator: strip.allocator }));
    return [...parts, go];
  }

  /** An answer, what the dense one does not have marked. */
  app.words = (side) => {
    const text = app.el("p", "said");
    side.words.forEach(([words, same], i) => text.append(i ? " " : "", same ? words : app.el("mark", "", words)));
    if (!side.words.length) text.append(app.el("em", "", app.say("page.ask.silent")));
    if (side.cut) text.append(" …");
    return text;
  };

  /** What the measured rungs know of a target: said there, or between which two it lies. */
  function known(strip, percent, { percents, state }) {
    const busy = state === "busy";
    const rungs = strip.rungs.filter((rung) => rung.answer !== null);
    const below = rungs.findLast((rung) => rung.percent <= percent), above = rungs.find((rung) => rung.percent >= percent);
    const facts = { percent: `${percent}%`, allocator: titleOf(strip.allocator) };
    if (below && below === above) return app.say("page.ladder.now", { ...facts, answer: quoted(below.answer) });
    const sides = [below, above].map((rung) => rung && app.say("page.ladder.side", { percent: `${rung.percent}%`, answer: quoted(rung.answer) }));
    const key = percents.includes(percent) && busy ? "page.ladder.unasked" : "page.ladder.no_step";
    return rungs.length ? app.say(key, { ...facts, sides: app.list(sides.filter(Boolean)) }) : "";
  }

  app.mount.ladder = ({ element, props, watch, trigger }) => {
    const [problem, dense, stale, scale, now] = ["problem", "dense", "stale", "scale", "now"].map((name) => app.el("p", name));
    const [plot, shown, cursor] = ["plot", "detail", "cursor"].map((name) => app.el("div", name));
    const title = app.el("h3");
    const progress = app.progress(() => trigger("halt", { kind: "ladder" }));
    const note = app.el("p", "", app.say("page.ladder.note"));
    const line = app.el("div", "line", "", [title, ...progress.nodes, app.saveMenu("breaking-point", app.say("page.ladder.title"), app.ladderDrawing)]);
    const result = app.el("div", "result", "", [line, dense, stale, plot, scale, now, shown, note]);
    const { node, follow, reach, ask } = actions(climb);
    let run = 0, looked = null, table = null, at = "";
    const once = app.once(problem);
    body(element).replaceChildren(node, problem, result);
    plot.addEventListener("keydown", (event) => walk(event, plot));

    function climb(allocators) {
      if (!once.begin()) return;
      looked = null;
      trigger("climb", { allocators, run: ++run });
    }

    function look(strip, rung) {
      looked = { allocator: strip.allocator, percent: rung.percent };
      shown.replaceChildren(...detail(strip, rung, props.value));
      for (const button of plot.querySelectorAll(".rung")) {
        const own = button.dataset.allocator === strip.allocator && Number(button.dataset.percent) === rung.percent;
        button.tabIndex = own ? 0 : -1;
        button.classList.toggle("looked", own);
      }
    }

    function draw() {
      const value = props.value;
      const old = value && value.run !== run; // of a picture or a click that is no longer the last one
      if (!value) run++;
      const own = value && !old ? value : null;
      if (!old) once.end();
      body(element).dataset.state = own ? own.state : "empty";
      once.tell(own);
      if (own?.strips) fill(own);
      mark(true);
    }

    function fill(value) {
      const { strips, percents, question, dense: said } = value;
      title.textContent = question ? app.say("page.ladder.result", { question: quoted(question) }) : app.say("page.ladder.result_picture");
      dense.textContent = said === undefined ? "" : app.say("page.ladder.dense", { answer: quoted(said) });
      progress.draw(value);
      const focused = plot.contains(document.activeElement);
      const most = Math.max(0.1, ...strips.flatMap((strip) => strip.rungs.map((rung) => rung.loss ?? 0)));
      plot.replaceChildren(...strips.map((strip) => row(strip, value, most, look)), axis(percents), cursor);
      scale.textContent = app.say("page.ladder.scale", { most: most.toFixed(1) });
      lookAgain(strips, focused);
    }

    /** After a redraw: the rung that was looked at, else the first wrong one; the keyboard stays where it was. */
    function lookAgain(strips, focused) {
      const strip = strips.find((one) => looked && one.allocator === looked.allocator) ?? strips.find((one) => one.wrong_from != null);
      const rung = strip?.rungs.find((one) => one.percent === (looked?.percent ?? strip.wrong_from));
      shown.replaceChildren();
      const chosen = looked;
      if (rung) look(strip, rung);
      looked = chosen;
      const first = plot.querySelector(".rung.looked") ?? plot.querySelector(".rung:enabled");
      if (first) first.tabIndex = 0;
      if (focused) first?.focus();
    }

    /** What others may use, and whether it still is about what is shown. */
    function mark(fresh = false) {
      const value = props.value?.strips && props.value.run === run && fits(props.value) ? props.value : null;
      result.hidden = !value;
      const what = value ? changed(value) : "";
      stale.textContent = what ? app.say("page.ladder.stale", { what }) : "";
      stale.hidden = !what;
      body(element).dataset.stale = String(Boolean(what));
      const before = app.state.ladder;
      const answered = (strip) => ({ ...strip, rungs: strip.rungs.filter((rung) => rung.answer !== null) });
      if (!value) app.state.ladder = null;
      else if (fresh || !before) app.state.ladder = { ...value, strips: value.strips.map(answered) };
      if (app.state.ladder) app.state.ladder.stale = Boolean(what);
      at = "";
      if (fresh || Boolean(before) !== Boolean(app.state.ladder)) app.tell();
    }

    /** With every move of the target: where it is, and what is known there. */
    app.on(element, (state) => {
      if (state.table !== table) {
        table = state.table;
        follow(state);
        mark();
      }
      reach(state);
      const value = state.ladder;
      const key = `${state.row} ${state.table?.key} ${Boolean(value)}`;
      if (key === at) return;
      at = key;
      ask(state.row);
      if (!value) return;
      cursor.style.left = place(state.row);
      cursor.dataset.percent = `${state.row}%`;
      const own = value.strips.find((strip) => strip.allocator === state.table.knobs.allocator) ?? value.strips[0];
      now.textContent = known(own, state.row, value);
    });
    document.addEventListener("input", (event) => event.target.closest?.("#question") && element.isConnected && mark());
    watch("value", draw);
    draw();
  };
})();
