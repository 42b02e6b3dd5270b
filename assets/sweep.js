// Methods over targets: the form, the chart that fills while they are measured, its numbers, and the way back to a recipe.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { draw } = app.sweepChart;
  const { about, table, summary, legendOf, scrolled } = app.sweepWords;
  const body = (element) => element.querySelector(".mount");
  const say = (key, facts) => app.say(`page.sweep.${key}`, facts);
  const SIZE = { width: 860, height: 340 }; // of the chart in a file, pixels
  const PATIENCE = 10000; // ms

  app.mount.sweep = ({ element, props, watch, trigger }) => {
    const [problem, lead, stale, doing] = ["problem", "about", "stale", "doing"].map((kind) => app.el("p", kind));
    problem.setAttribute("role", "alert");
    const bar = app.el("progress");
    bar.setAttribute("aria-label", say("title"));
    const stop = app.el("button", "toggle stop", say("stop"));
    const save = app.el("button", "toggle", say("save"));
    let run = 0, value = null, drawn = "", since = -Infinity;
    // From a click until its first value, but no longer than the connection may take.
    const began = () => performance.now() - since < PATIENCE;
    const wishes = new Map();
    const chart = app.sweepPlot((line, point) => app.state.table && app.restore({ ...app.snapshot(), allocator: line.allocator, percent: point.percent }));
    const drawing = (ink) => {
      const made = draw(value, value.wish.percents, SIZE, ink);
      return { title: say("figure"), about: `${app.state.name ?? ""}. ${about(value)}`, legend: legendOf(value, ink), body: { node: made.node, ...SIZE }, caption: say("note") };
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
      if (began()) return;
      since = performance.now();
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
      const busy = began() || value?.state === "busy";
      const there = Boolean(value?.lines?.length);
      body(element).dataset.state = began() ? "begun" : value?.state ?? "empty";
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
      since = -Infinity;
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
