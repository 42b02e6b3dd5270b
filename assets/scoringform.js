// The dialog that measures scores: method, settings, samples, what it costs, and how far it is.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { state } = app;
  const { run, running, use, share, meter, report, button } = app.scoring;
  const say = (key, facts) => app.say(`page.scoring.${key}`, facts);

  /** A labelled field of the dialog. */
  function field(name, input, about = `${name}.info`) {
    const label = app.el("label", "field", "", [app.el("span", "", say(name)), input, app.el("small", "", say(about))]);
    label.dataset.field = name;
    input.name = name;
    return label;
  }

  function numeric(most, least, value) {
    const input = document.createElement("input");
    Object.assign(input, { type: "number", min: least, max: most, step: 1, value, required: true });
    return input;
  }

  function select(options) {
    const made = document.createElement("select");
    for (const { value, words } of options) {
      const option = app.el("option", "", words);
      option.value = value;
      made.append(option);
    }
    return made;
  }

  function methodList(methods, chosen) {
    const list = app.el("div", "list");
    list.setAttribute("role", "radiogroup");
    list.setAttribute("aria-label", say("methods"));
    for (const { name, words, about } of methods) {
      const input = document.createElement("input");
      Object.assign(input, { type: "radio", name: "method", value: name, checked: name === chosen });
      list.append(app.el("label", "choice", "", [input, app.el("span", "name", words, [app.el("small", "", about)])]));
    }
    return list;
  }

  /** The fields of the dialog by name, and the form around them. */
  function form({ methods, gradients, most, defaults }) {
    const made = { list: methodList(methods, defaults.method) };
    made.samples = numeric(most.samples, 1, defaults.samples);
    made.seed = numeric(most.seed, 0, defaults.seed);
    made.draws = numeric(most.draws, 1, defaults.draws);
    made.gradient = select(gradients.map(({ name, words }) => ({ value: name, words })));
    made.gradient.value = defaults.gradient;
    made.source = select([]);
    made.path = document.createElement("input");
    Object.assign(made.path, { type: "text", maxLength: 500, spellcheck: false, autocomplete: "off" });
    const names = ["samples", "seed", "draws", "gradient"];
    made.own = Object.fromEntries(names.map((name) => [name, field(name, made[name])]));
    made.fields = app.el("div", "fields", "", Object.values(made.own));
    made.from = app.el("label", "field", "", [app.el("span", "", say("source")), made.source]);
    made.source.name = "source";
    made.place = field("path", made.path);
    made.cost = app.el("p", "cost");
    made.problem = app.el("p", "problem");
    made.problem.setAttribute("role", "alert");
    made.start = button("primary", "start");
    made.start.type = "submit";
    made.stop = button("toggle stop", "stop");
    made.save = button("toggle save", "save");
    made.close = button("toggle close", "close");
    const head = app.el("div", "line", "", [app.el("h2", "", say("title")), made.close]);
    const foot = app.el("div", "line foot", "", [made.start, made.stop, made.save]);
    made.status = app.el("section", "status");
    made.form = app.el("form", "", "", [
      head, app.el("p", "lead", say("lead")), made.list, made.fields, made.from, made.place, made.cost, made.problem, made.status, foot,
    ]);
    made.form.noValidate = true;
    return made;
  }

  app.mount.scoring = ({ element, trigger, props, watch }) => {
    const made = form(props);
    const dialog = app.el("dialog", "scoring", "", [made.form]);
    dialog.setAttribute("aria-label", say("title"));
    element.querySelector(".mount").replaceChildren(dialog);
    const progress = meter();
    let asked = 0, priced = 0, timer = 0, waiting = false, problem = "", stamps = new Set(), listed = "";
    const pricing = app.inTurn((wish, ticket) => trigger("cost", { ...wish, ticket }));
    const method = () => made.list.querySelector("input:checked").value;
    const shownFields = () => ["samples", "seed", props.methods.find(({ name }) => name === method()).field].filter(Boolean);

    /** The settings of the dialog; null where one of them is none, which `problem` then says. */
    function settings() {
      const values = { method: method(), source: made.source.value === "other" ? made.path.value.trim() : made.source.value };
      for (const name of shownFields()) {
        const input = made[name];
        if (input.type !== "number") {
          values[name] = input.value;
          continue;
        }
        const [number, least, most] = [input.valueAsNumber, Number(input.min), Number(input.max)];
        if (!Number.isInteger(number) || number < least || number > most) {
          problem = say("number", { name: say(name), least: app.number(least), most: app.number(most) });
          return null;
        }
        values[name] = number;
      }
      return values;
    }

    function price() {
      clearTimeout(timer);
      timer = setTimeout(() => {
        if (!dialog.open) return;
        const values = settings();
        if (values) pricing.want({ ...values, asked: ++priced });
        draw();
      }, 150);
    }

    function costs(words, stale = false) {
      made.cost.textContent = words;
      made.cost.dataset.stale = stale;
    }

    /** Answers to what this page asked; everything else is news of the run. */
    function hear(value) {
      pricing.answered(value.ticket);
      if (value.asked === asked && waiting) {
        waiting = false;
        problem = value.error ?? "";
        if (value.mine) costs(value.cost);
        run.mine = value.mine ?? run.mine;
        if (value.mine) app.show("score");
      }
      if (value.priced === priced && value.cost !== undefined) {
        costs(value.cost);
        if (value.error) problem = value.error;
      }
      for (const news of [value.added, value.saved]) {
        if (!news || stamps.has(news.stamp)) continue;
        stamps.add(news.stamp);
        if (news.error) problem = news.error;
        else if (news.text) save(news);
        else use(news.bundle);
        if (news.error && !dialog.open) app.openScoring();
      }
    }

    function save({ name, text }) {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    }

    function sources({ sources: known, free }) {
      const options = [...known, ...(free ? [{ value: "other", words: say("source.other") }] : [])];
      if (JSON.stringify(options) === listed) return;
      listed = JSON.stringify(options);
      const held = made.source.value;
      made.source.replaceChildren(...select(options).children);
      if (options.some(({ value }) => value === held)) made.source.value = held;
      made.from.hidden = options.length < 2;
    }

    function draw() {
      const now = run.now;
      const shown = shownFields();
      for (const [name, label] of Object.entries(made.own)) label.hidden = !shown.includes(name);
      made.place.hidden = made.source.value !== "other";
      made.problem.textContent = problem;
      made.problem.hidden = !problem;
      made.start.disabled = waiting || running();
      made.stop.hidden = !running();
      made.stop.disabled = run.stopping;
      made.stop.textContent = say(run.stopping ? "stopping" : "stop");
      made.save.hidden = !state.table;
      made.status.hidden = !now;
      progress.set(share(now));
      made.status.replaceChildren(...(now ? report(now, progress) : []));
      Object.assign(dialog.dataset, { state: now?.state ?? "", done: now?.done ?? 0, number: now?.number ?? 0 });
    }

    function take() {
      const value = props.value;
      hear(value);
      sources(value);
      app.scoring.take(value);
      draw();
    }

    made.form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (made.start.disabled) return;
      clearTimeout(timer);
      priced++; // the start says what it costs itself
      problem = "";
      const values = settings();
      waiting = Boolean(values);
      if (values) trigger("measure", { ...values, asked: ++asked });
      draw();
    });
    made.form.addEventListener("input", () => {
      problem = "";
      made.cost.dataset.stale = true;
      draw();
      price();
    });
    made.stop.addEventListener("click", () => {
      run.stopping = true;
      trigger("halt", {});
      draw();
    });
    made.save.addEventListener("click", () => trigger("file", {}));
    made.close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.addEventListener("close", () => (problem = ""));
    app.openScoring = () => {
      waiting = false;
      draw();
      dialog.showModal();
      price();
    };
    watch("value", take);
    take();
  };
})();
