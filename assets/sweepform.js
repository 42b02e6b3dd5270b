// What a sweep is to measure: allocators, pruners, targets, questions. The browser checks no more than what a number is.
(() => {
  "use strict";
  const app = window.ecoflap;
  const say = (key, facts) => app.say(`page.sweep.${key}`, facts);
  const TARGETS = "40, 50, 60, 70";
  const QUESTIONS = 200;

  function boxes(choices, checked) {
    const made = choices.map(({ name, words }) => {
      const input = app.el("input");
      Object.assign(input, { type: "checkbox", value: name, checked: checked.includes(name) });
      return app.el("label", "", "", [input, app.el("span", "", words)]);
    });
    return made;
  }

  const field = (key, node, hint = "") => app.el("label", "field", "", [app.el("span", "", say(key)), node, ...(hint ? [app.el("small", "", say(hint))] : [])]);
  const group = (legend, node) => app.el("fieldset", "", "", [app.el("legend", "", legend), node]);

  function input(name, type, value, limits = {}) {
    const made = app.el("input");
    Object.assign(made, { type, name, value, ...limits });
    return made;
  }

  /** The targets of a text as whole per cents, each once; null where it says something else. */
  function percents(words) {
    const parts = words.split(/[\s,;，、]+/).filter(Boolean).map((part) => part.replace(/%$/, ""));
    if (!parts.length || !parts.every((part) => /^\d{1,2}$/.test(part) && Number(part) <= 95)) return null;
    return [...new Set(parts.map(Number))].sort((a, b) => a - b);
  }

  /** The form: `props` as the panel has them, `start(wish)` when it is sent. */
  app.sweepForm = (props, start) => {
    const { most, free } = props;
    const allocators = app.el("div", "boxes");
    const pruners = app.el("div", "boxes", "", boxes(props.pruners, ["wanda"]));
    const targets = input("targets", "text", TARGETS, { autocomplete: "off", inputMode: "text" });
    const questions = input("questions", "number", String(Math.min(QUESTIONS, most.questions)), { min: 1, max: most.questions, step: 1 });
    const seeds = input("seeds", "number", "1", { min: 1, max: most.seeds, step: 1 });
    const evalSeed = input("eval_seed", "number", "0", { min: 0, max: 2 ** 31 - 1, step: 1 });
    const data = input("data", "text", "", { placeholder: say("data.placeholder"), autocomplete: "off" });
    const source = field("data", data, "data.hint");
    source.hidden = !free;
    const [cost, problem] = [app.el("p", "cost"), app.el("p", "problem")];
    problem.setAttribute("role", "alert");
    problem.hidden = true;
    const send = app.el("button", "primary", say("start"));
    send.type = "submit";
    const more = app.el("details", "more", "", [
      app.el("summary", "", say("more")),
      group(say("pruners"), pruners),
      app.el("div", "fields", "", [field("seeds", seeds, "seeds.hint"), field("eval_seed", evalSeed, "eval_seed.hint"), source]),
    ]);
    const node = app.el("form", "", "", [
      group(app.say("page.ladder.allocators"), allocators),
      app.el("div", "fields", "", [field("targets", targets), field("questions", questions)]),
      more, app.el("div", "line", "", [send, cost]), problem,
    ]);
    node.noValidate = true;
    const ticked = (box) => [...box.querySelectorAll("input:checked")].map(({ value }) => value);
    let pace = null, blocked = "", touched = false;

    /** What the form says, or the sentence that says what is wrong with it. */
    function read() {
      const wish = { allocators: ticked(allocators), pruners: ticked(pruners), percents: percents(targets.value), data: data.value.trim() };
      if (!wish.allocators.length || !wish.pruners.length) return { wrong: say("nothing") };
      if (!wish.percents) return { wrong: say("targets.wrong", { value: targets.value.trim() || "–" }) };
      for (const [name, node] of Object.entries({ questions, seeds, eval_seed: evalSeed })) {
        const [least, greatest] = [Number(node.min), Number(node.max)];
        wish[name] = node.valueAsNumber;
        if (!Number.isInteger(wish[name]) || wish[name] < least || wish[name] > greatest) {
          return { wrong: app.say("page.scoring.number", { name: say(name), least: app.number(least), most: app.number(greatest) }) };
        }
      }
      // A pruner without calibration is the same with every seed.
      wish.points = wish.allocators.length * wish.percents.length * wish.pruners.reduce((sum, name) => sum + (name === "magnitude" ? 1 : wish.seeds), 0);
      if (wish.points > most.points) return { wrong: say("large", { count: wish.points, most: most.points }) };
      return { wish };
    }

    function draw() {
      const { wish, wrong } = blocked ? { wrong: blocked } : read();
      send.disabled = !wish;
      problem.textContent = wrong ?? "";
      problem.hidden = !wrong || !app.state.table;
      const seconds = wish && pace ? Math.max(1, Math.round(pace * wish.points * wish.questions)) : null;
      const facts = wish ? { points: wish.points, questions: wish.questions } : {};
      cost.textContent = !wish ? "" : seconds ? say("cost.time", { ...facts, time: app.duration(seconds) }) : say("cost", facts);
    }

    /** Boxes for who can allocate here; the current one and the uniform one are preset until somebody chooses. */
    function follow(state) {
      const names = state.grid.allocators ?? [];
      const own = state.table?.knobs?.allocator;
      if (allocators.dataset.names !== names.join(" ")) {
        const held = touched ? ticked(allocators) : [];
        allocators.replaceChildren(...boxes(names.map((name) => ({ name, words: app.strips.titleOf(name) })), held));
        allocators.dataset.names = names.join(" ");
      }
      if (!touched) for (const box of allocators.querySelectorAll("input")) box.checked = [own, "uniform"].includes(box.value);
      blocked = state.table && state.table.pattern !== "unstructured" ? app.say("page.ladder.pattern") : "";
      draw();
    }

    allocators.addEventListener("change", () => (touched = true));
    node.addEventListener("input", draw);
    node.addEventListener("submit", (event) => {
      event.preventDefault();
      const { wish } = read();
      if (wish && !blocked) start(wish);
    });
    const learn = (seconds) => {
      pace = seconds;
      draw();
    };
    return { node, follow, learn };
  };

  /** Seconds in words, from a minute and a half on in minutes. */
  app.duration = (seconds) => (seconds < 90 ? say("seconds", { count: seconds }) : say("minutes", { count: Math.round(seconds / 60) }));
})();
