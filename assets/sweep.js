// Methods over targets: the form, the chart that fills while they are measured, its numbers, and the way back to a recipe.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { draw, sign, denseSign, name, pruner } = app.sweepChart;
  const body = (element) => element.querySelector(".mount");
  const say = (key, facts) => app.say(`page.sweep.${key}`, facts);
  const HIGH = 340, WIDE = 860; // of the chart, pixels; its width follows the page, and stands in files

  // The theme's own colours, so that a drawing on the page follows it.
  const INK = { ink: "var(--ink)", muted: "var(--muted)", line: "var(--line)" };

  const share = (value) => app.share(value, 1);
  const points = (value) => `${value > 0 ? "+" : ""}${(value * 100).toFixed(1)}`.replace("-", "−");

  /** A kind of question in words, as far as there are any. */
  const kindWords = (kind) => (say(`kind.${kind}`) === `page.sweep.kind.${kind}` ? kind : say(`kind.${kind}`));

  /** What was measured on, in words. */
  const about = ({ wish }) => say(wish.data ? "about.data" : "about", { questions: wish.questions, seed: wish.eval_seed, seeds: wish.seeds, data: wish.data });

  /** What the lines are: the methods', and the dense model's. */
  function legendOf({ lines, dense, marked }, ink) {
    const found = lines.map((line) => ({ node: sign(line, lines), wide: 24, words: name(line, lines) }));
    const level = dense && app.say("page.pair", { what: say("dense"), value: marked ? share(dense.accuracy) : app.figure(dense.loss, 3) });
    return dense ? [...found, { node: denseSign(ink), wide: 24, words: level }] : found;
  }

  /** One point in full. */
  function told(line, point, { lines, marked }) {
    const facts = { name: name(line, lines), percent: `${point.percent}%`, loss: app.figure(point.loss, 3), achieved: app.share(point.achieved, 2) };
    const heading = app.el("h4", "", say("point", facts));
    if (!marked) return [heading, app.el("p", "", say("point.loss", facts))];
    const ends = { right: share(point.accuracy), low: share(point.low), high: share(point.high), agreement: share(point.agreement), seeds: point.seeds };
    const kinds = Object.entries(point.kinds);
    const parts = [heading, app.el("p", "", say(point.seeds > 1 ? "point.seeds" : "point.right", { ...facts, ...ends }))];
    if (kinds.length > 1) parts.push(app.el("p", "kinds", app.list(kinds.map(([kind, value]) => app.say("page.pair", { what: kindWords(kind), value: app.share(value, 0) })))));
    return parts;
  }

  /** Every point as a line of a table, for those who cannot or need not see the chart. */
  function table(value) {
    const { lines, marked, dense } = value;
    const head = ["method", "target", ...(marked ? ["right", "interval", "agreement"] : []), "loss"].map((key) => {
      const cell = app.el("th", "", say(`column.${key}`));
      cell.scope = "col";
      return cell;
    });
    const cells = (title, point) => [
      title, `${point.percent}%`,
      ...(marked ? [share(point.accuracy), app.say("page.sweep.ends", { low: share(point.low), high: share(point.high) }), share(point.agreement)] : []),
      app.figure(point.loss, 3),
    ];
    const rows = [cells(say("dense"), dense), ...lines.flatMap((line) => line.points.map((point) => cells(name(line, lines), point)))];
    const body = app.el("tbody", "", "", rows.map((row) => app.el("tr", "", "", row.map((words) => app.el("td", "", words)))));
    return app.el("table", "", "", [app.el("thead", "", "", [app.el("tr", "", "", head)]), body]);
  }

  /** A table that scrolls on a narrow page, so the keyboard has to reach it. */
  function scrolled(title, table) {
    const node = app.el("div", "lines", "", [table]);
    node.tabIndex = 0;
    node.setAttribute("role", "group");
    node.setAttribute("aria-label", title);
    return node;
  }

  /** What it comes to, method by method, the best first. */
  function summary({ summary: found, lines }) {
    if (!found?.length) return [];
    const keys = ["method", "mean", "less", "fall5", "fall10", "fall50"];
    const head = keys.map((key) => {
      const cell = app.el("th", "", say(`column.${key}`));
      cell.scope = "col";
      return cell;
    });
    const fall = (sparsity) => (sparsity === null ? say("beyond") : share(sparsity));
    const less = (one) => (one ? say(one.sure ? "less" : "less.none", { mean: points(one.mean), low: points(one.low), high: points(one.high) }) : "–");
    const rows = [...found].sort((a, b) => b.mean - a.mean).map((one) => {
      const title = app.el("th", "", name(one, lines));
      title.scope = "row";
      return app.el("tr", "", "", [title, ...[share(one.mean), less(one.less), ...one.falls.map(fall)].map((words) => app.el("td", "", words))]);
    });
    return [
      app.el("h3", "", say("summary")),
      scrolled(say("summary"), app.el("table", "", "", [app.el("thead", "", "", [app.el("tr", "", "", head)]), app.el("tbody", "", "", rows)])),
      app.el("p", "", say("summary.note")),
    ];
  }

  /** The chart with a button at every point: hover or focus tells it, a click loads its recipe. */
  function plot(load) {
    const [node, legend, detail] = [app.el("div", "chart"), app.el("div", "legend"), app.el("div", "detail")];
    detail.setAttribute("role", "status");
    let value = null, looked = "", width = 0;

    function look(line, point) {
      looked = `${line.pruner} ${line.allocator} ${point.percent}`;
      detail.replaceChildren(...told(line, point, value), app.el("p", "hint", line.pruner === "wanda" ? say("load.hint") : say("load.other", { pruner: pruner(line.pruner) })));
      for (const spot of node.querySelectorAll("button")) {
        spot.classList.toggle("looked", spot.dataset.spot === looked);
        spot.tabIndex = spot.dataset.spot === looked ? 0 : -1;
      }
    }

    function button({ x, y, line, point }) {
      const spot = app.el("button");
      spot.type = "button";
      spot.dataset.spot = `${line.pruner} ${line.allocator} ${point.percent}`;
      spot.style.left = `${x}px`;
      spot.style.top = `${y}px`;
      spot.tabIndex = -1;
      const facts = { name: name(line, value.lines), percent: `${point.percent}%`, value: value.marked ? share(point.accuracy) : app.figure(point.loss, 3) };
      spot.setAttribute("aria-label", say("spot", facts));
      for (const event of ["mouseenter", "focus"]) spot.addEventListener(event, () => look(line, point));
      spot.addEventListener("click", () => {
        look(line, point);
        load(line, point);
      });
      return spot;
    }

    function show() {
      if (!value?.lines || !width) return;
      const held = node.contains(document.activeElement);
      const size = { width, height: HIGH };
      const drawn = draw(value, value.wish.percents, size, INK);
      const picture = app.svg.make("svg", { width, height: HIGH, "aria-hidden": "true" }, [drawn.node]);
      node.replaceChildren(picture, ...drawn.spots.map(button));
      legend.replaceChildren(...legendOf(value, INK).map(({ node: mark, words }) => {
        const picture = app.svg.make("svg", { width: 24, height: 12, viewBox: "0 -6 24 12", "aria-hidden": "true" }, [mark]);
        return app.el("span", "", "", [picture, app.el("span", "", words)]);
      }));
      const own = [...node.querySelectorAll("button")].find((spot) => spot.dataset.spot === looked);
      const first = own ?? node.querySelector("button");
      if (first) first.tabIndex = 0;
      own?.classList.add("looked");
      if (held) first?.focus({ preventScroll: true });
    }

    /** Arrow keys go along a line, and to the line above or below at the same target. */
    node.addEventListener("keydown", (event) => {
      const from = event.target.closest("button");
      const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [0, 0];
      if (!from || (!dx && !dy)) return;
      event.preventDefault();
      const [line, percent] = [from.dataset.spot.replace(/ \d+$/, ""), from.dataset.spot.split(" ").at(-1)];
      const same = [...node.querySelectorAll("button")].filter((spot) => (dx ? spot.dataset.spot.startsWith(`${line} `) : spot.dataset.spot.endsWith(` ${percent}`)));
      same.sort((a, b) => (dx ? parseFloat(a.style.left) - parseFloat(b.style.left) : parseFloat(a.style.top) - parseFloat(b.style.top)));
      same[same.indexOf(from) + dx + dy]?.focus();
    });
    new ResizeObserver(([entry]) => {
      const wide = Math.floor(entry.contentRect.width);
      if (wide && wide !== width) {
        width = wide;
        show();
      }
    }).observe(node);

    function take(next) {
      if (next?.run !== value?.run) {
        looked = "";
        detail.replaceChildren(app.el("p", "hint", say("hint")));
      }
      value = next;
      show();
    }
    return { nodes: [legend, node, detail], take };
  }

  app.mount.sweep = ({ element, props, watch, trigger }) => {
    const [problem, lead, stale, doing] = ["problem", "about", "stale", "doing"].map((kind) => app.el("p", kind));
    problem.setAttribute("role", "alert");
    const bar = app.el("progress");
    bar.setAttribute("aria-label", say("title"));
    const stop = app.el("button", "toggle stop", say("stop"));
    const save = app.el("button", "toggle", say("save"));
    let run = 0, value = null, drawn = "", began = false;
    const wishes = new Map();
    const chart = plot((line, point) => app.state.table && app.restore({ ...app.snapshot(), allocator: line.allocator, percent: point.percent }));
    const drawing = (ink) => {
      const made = draw(value, value.wish.percents, { width: WIDE, height: HIGH }, ink);
      return { title: say("figure"), about: `${app.state.name ?? ""}. ${about(value)}`, legend: legendOf(value, ink), body: { node: made.node, width: WIDE, height: HIGH }, caption: say("note") };
    };
    const menu = app.saveMenu("sweep", say("title"), drawing);
    const numbers = app.el("details", "numbers");
    const totals = app.el("div", "summary");
    const tools = app.el("div", "line tools", "", [stop, bar, doing, save, menu]);
    const note = app.el("p", "", say("note"));
    const result = app.el("div", "result", "", [tools, lead, stale, ...chart.nodes, note, totals, numbers]);
    const form = app.sweepForm(props, begin);
    body(element).replaceChildren(app.el("h2", "", say("title")), app.el("p", "lead", say("lead")), form.node, problem, result);
    stop.addEventListener("click", () => trigger("halt", {}));
    save.addEventListener("click", () => app.download("ecoflap-sweep.csv", value.csv));
    numbers.addEventListener("toggle", () => fill());

    function begin(wish) {
      if (began) return;
      began = true;
      wishes.set(++run, wish);
      trigger("measure", { run, wish });
      show();
    }

    function fill() {
      if (numbers.open && value?.lines) numbers.replaceChildren(numbers.firstChild, scrolled(say("numbers"), table(value)));
    }

    function progress(busy) {
      bar.hidden = doing.hidden = !busy;
      if (!busy) return;
      const whole = value?.total ? value.total * value.of_questions : 0;
      if (whole) Object.assign(bar, { max: whole, value: value.done * value.of_questions + value.asked });
      else bar.removeAttribute("value");
      const facts = whole && { done: value.done, total: value.total, time: value.left == null ? "" : app.duration(Math.max(1, value.left)) };
      doing.textContent = value?.words ?? (whole ? say(facts.time ? "left" : "doing", facts) : app.say("page.ladder.starting"));
    }

    function show() {
      const busy = began || value?.state === "busy";
      const there = Boolean(value?.lines?.length);
      body(element).dataset.state = began ? "begun" : value?.state ?? "empty";
      body(element).dataset.points = there ? value.lines.reduce((sum, line) => sum + line.points.length, 0) : 0;
      stop.hidden = !busy;
      save.hidden = busy || !value?.csv;
      menu.hidden = busy || !there;
      result.hidden = !there && !busy;
      for (const part of [lead, ...chart.nodes, note, numbers]) part.hidden = !there;
      const failed = !busy && value?.state === "error";
      problem.hidden = !failed && !(value?.state === "stopped" && !busy);
      problem.className = failed ? "problem" : "waiting";
      problem.textContent = failed ? value.words : say("stopped");
      progress(busy);
      totals.replaceChildren(...(there && !busy ? summary(value) : []));
      if (there) lead.textContent = about(value);
      if (numbers.childElementCount === 0) numbers.append(app.el("summary", "", say("numbers")));
      fill();
      mark(app.state);
    }

    /** Whether the points are about the model, the scores and the settings that are shown. */
    function mark(state) {
      const knobs = state.table?.knobs;
      const moved = value?.lines && knobs && (value.of !== state.grid.of || !state.grid.model.startsWith(`${value.model}:`)
        || Object.keys(value.knobs).some((key) => JSON.stringify(value.knobs[key]) !== JSON.stringify(knobs[key])));
      stale.hidden = !moved;
      stale.textContent = moved ? say("stale") : "";
      body(element).dataset.stale = String(Boolean(moved));
    }

    /** Seconds that a question takes, for the next estimate. */
    function learn() {
      if (value?.seconds_a_question) form.learn(value.seconds_a_question);
    }

    function take() {
      const next = props.value;
      if (!next || next.run !== run) return; // of a click that is no longer the last one
      began = false;
      value = { ...next, wish: wishes.get(run) };
      learn();
      const key = JSON.stringify([run, value.lines?.map((line) => line.points.length), value.lines?.map((line) => line.points.map((point) => point.seeds))]);
      if (key !== drawn) chart.take(value.lines ? value : null);
      drawn = key;
      show();
    }

    watch("value", take);
    app.on(element, (state) => {
      form.follow(state);
      mark(state);
    });
    show();
  };
})();
