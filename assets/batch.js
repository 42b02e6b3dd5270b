// Many pictures and questions: what to upload, the rows as they are answered, what came of it, and the way out as CSV.
(() => {
  "use strict";
  const app = window.ecoflap;
  const body = (element) => element.querySelector(".mount");
  const STATES = ["dense", "pruned"];
  const kind = () => app.state.about?.kind ?? "vision-language";

  app.mount.batchhead = ({ element }) => {
    const lead = app.el("p");
    const sample = app.el("pre");
    const how = app.el("details", "", "", [app.el("summary", "", app.say("page.batch.how")), sample, app.el("p", "", app.say("page.batch.limits"))]);
    body(element).replaceChildren(app.el("h2", "", app.say("page.batch.title")), lead, how);
    app.on(element, () => {
      lead.textContent = app.say(`page.batch.lead.${kind()}`);
      sample.textContent = app.say(`page.batch.sample.${kind()}`);
      const examples = document.getElementById("batch-examples");
      if (examples) examples.hidden = kind() !== "vision-language"; // the scenes come with questions
    });
  };

  function button(key, run, name = "toggle") {
    const made = app.el("button", name, app.say(key));
    made.addEventListener("click", run);
    return made;
  }

  const worth = (share) => ({
    right: share.right, total: share.questions, share: app.share(share.accuracy, 0),
    low: app.share(share.interval[0], 0), high: app.share(share.interval[1], 0),
  });

  /** A share as a bar, with the interval over it. */
  function bar(title, share) {
    const [fill, interval] = [app.el("i"), app.el("b")];
    fill.style.width = `${share.accuracy * 100}%`;
    interval.style.left = `${share.interval[0] * 100}%`;
    interval.style.width = `${(share.interval[1] - share.interval[0]) * 100}%`;
    const words = app.el("span", "number", app.say("page.batch.share", worth(share)));
    return app.el("div", "share", "", [app.el("span", "name", title), app.el("span", "bar", "", [fill, interval]), words]);
  }

  function summary(value) {
    const { same, right, broken, mended } = value.summary;
    const parts = [app.el("h3", "", app.say("page.batch.same", { right: same.right, total: same.questions }))];
    if (right.dense) {
      parts.push(app.el("p", "", app.say("page.batch.right", { total: right.dense.questions })));
      parts.push(bar(app.say("page.ask.dense"), right.dense), bar(app.say("page.ask.pruned"), right.pruned));
      parts.push(app.el("p", "", app.say("page.batch.changed", { broken, mended })));
    }
    return parts;
  }

  /** An answer with the words marked that the other one lacks, and whether it is right. */
  function answer(said) {
    if (!said) return [];
    const text = app.el("span", "said");
    if (!said.text) text.append(app.el("em", "", app.say("page.ask.silent")));
    else if (!said.words) text.textContent = said.text;
    else said.words.forEach(([words, same], i) => text.append(i ? " " : "", same ? words : app.el("mark", "", words)));
    if (said.right === null) return [text];
    const verdict = said.right ? app.say("page.batch.verdict.right") : app.say("page.batch.verdict.wrong");
    return [text, app.el("span", said.right ? "verdict right" : "verdict wrong", verdict)];
  }

  const same = (row) => (row.same === null ? "" : row.same ? app.say("page.batch.cell.same") : app.say("page.batch.cell.differs"));

  // What a column sorts by, in the order of the columns.
  const COLUMNS = {
    picture: (row, i) => i,
    question: (row) => row.question,
    expected: (row) => row.expected,
    dense: (row) => row.said.dense?.text ?? "",
    pruned: (row) => row.said.pruned?.text ?? "",
    same: (row) => (row.same === null ? 1 : row.same ? 2 : 0),
  };

  /** The columns that have something to show. */
  function columns(rows) {
    const empty = { question: rows.every((row) => !row.question), expected: rows.every((row) => !row.expected) };
    return Object.keys(COLUMNS).filter((name) => !empty[name]);
  }

  function cells(row, names, pick) {
    const open = app.el("button", "open", "", row.thumb ? [app.el("img")] : [app.el("span", "", app.say("page.batch.show"))]);
    if (row.thumb) open.firstChild.src = row.thumb;
    open.setAttribute("aria-label", app.say("page.batch.open", { row: row.where }));
    open.addEventListener("click", pick);
    const named = app.el("span", "", "", [app.el("small", "", row.where), ...(row.name ? [app.el("small", "name", row.name)] : [])]);
    const content = {
      picture: [app.el("div", "", "", [open, named])],
      question: [row.question],
      expected: [row.expected],
      dense: row.problem ? [app.el("span", "refused", row.problem)] : answer(row.said.dense),
      pruned: answer(row.said.pruned),
      same: [app.el("span", row.same === false ? "differs" : "", same(row))],
    };
    return names.map((name) => {
      const made = app.el("td", name, "", content[name]);
      made.dataset.label = app.say(`page.batch.column.${name}`);
      return made;
    });
  }

  /** The table that keeps its lines: only those that changed are made anew, so that a click or a focus is not lost. */
  function table(pick) {
    const [head, lines, empty] = [app.el("tr"), app.el("tbody"), app.el("p", "none", app.say("page.batch.none"))];
    const element = app.el("div", "lines", "", [app.el("table", "", "", [app.el("thead", "", "", [head]), lines]), empty]);
    element.tabIndex = 0; // it scrolls, so the keyboard has to reach it
    element.setAttribute("role", "group");
    element.setAttribute("aria-label", app.say("page.batch.title"));
    let [rows, nodes, marks, names, order, differing] = [[], [], [], [], { name: "picture", down: false }, false];

    function headings() {
      head.replaceChildren(...names.map((name) => {
        const sort = app.el("button", "", app.say(`page.batch.column.${name}`));
        sort.addEventListener("click", () => {
          order = { name, down: order.name === name && !order.down };
          arrange();
        });
        const made = app.el("th", name, "", [sort]);
        made.scope = "col";
        return made;
      }));
    }

    function arrange() {
      const by = COLUMNS[order.name];
      const sign = order.down ? -1 : 1;
      const shown = rows.map((_, i) => i).filter((i) => !differing || rows[i].same === false);
      shown.sort((a, b) => {
        const [one, other] = [by(rows[a], a), by(rows[b], b)];
        return sign * (typeof one === "string" ? one.localeCompare(other) : one - other) || a - b;
      });
      const wanted = shown.map((i) => nodes[i]);
      if (wanted.length !== lines.children.length || wanted.some((node, i) => node !== lines.children[i])) lines.replaceChildren(...wanted);
      [...head.children].forEach((made, i) => {
        if (names[i] !== order.name) made.removeAttribute("aria-sort");
        else made.setAttribute("aria-sort", order.down ? "descending" : "ascending");
      });
      empty.hidden = shown.length > 0;
    }

    function show(value) {
      const found = columns(value.rows);
      const others = found.join() !== names.join() || value.rows.length !== rows.length;
      [rows, names] = [value.rows, found];
      if (others) {
        headings();
        marks = [];
        nodes = rows.map((_, i) => {
          const line = app.el("tr");
          line.dataset.row = i;
          line.addEventListener("click", (event) => event.target.closest("button") || pick(i));
          return line;
        });
      }
      rows.forEach((row, i) => {
        const mark = JSON.stringify(row);
        if (mark === marks[i]) return;
        marks[i] = mark;
        nodes[i].dataset.same = row.same ?? "";
        nodes[i].replaceChildren(...cells(row, names, () => pick(i)));
      });
      arrange();
    }
    const filter = (only) => {
      differing = only;
      arrange();
    };
    return { element, show, filter };
  }

  /** Every row with the recipe in front, as shown. */
  function exported(value) {
    const rows = value.rows.map((row) => ({
      ...value.recipe, row: row.where, image: row.name, question: row.question, answer: row.expected,
      dense: row.said.dense?.text, pruned: row.said.pruned?.text, same: row.same,
      dense_right: row.said.dense?.right, pruned_right: row.said.pruned?.right, problem: row.problem,
    }));
    app.download(`ecoflap-batch-${value.percent}.csv`, app.csv(rows));
  }

  function left(value) {
    if (value.left === null || value.left === undefined) return "";
    return value.left < 90 ? app.say("page.batch.seconds", { count: value.left }) : app.say("page.batch.minutes", { count: Math.round(value.left / 60) });
  }

  app.mount.batch = ({ element, props, watch, trigger }) => {
    let value = props.value;
    let begun = false; // asked for, and nothing has come back yet
    const lines = table((row) => {
      trigger("pick", { row });
      document.getElementById("ask-section").scrollIntoView({ block: "start" });
    });
    const ask = button("page.batch.ask", () => {
      begin();
      if (value.examples) document.getElementById("batch-examples").click();
      else trigger("ask_all");
    }, "toggle primary");
    const stop = button("page.batch.stop", () => trigger("halt"));
    const clear = button("page.batch.clear", () => trigger("forget"));
    const save = button("page.batch.export", () => exported(value));
    const box = app.el("input");
    box.type = "checkbox";
    box.addEventListener("change", () => lines.filter(box.checked));
    const filter = app.el("label", "filter", "", [box, app.el("span", "", app.say("page.batch.only"))]);
    const bars = app.el("progress");
    bars.setAttribute("aria-label", app.say("page.batch.title"));
    const [doing, words, notes, result] = [app.el("p", "doing"), app.el("p", "problem"), app.el("ul", "notes"), app.el("div", "summary")];
    words.setAttribute("role", "alert");
    result.setAttribute("role", "status");
    const stale = app.el("p", "stale");
    const tools = app.el("div", "tools", "", [ask, stop, clear, save, filter]);
    body(element).replaceChildren(tools, words, doing, bars, notes, stale, result, lines.element);

    function begin() {
      begun = true;
      draw();
    }
    document.addEventListener("click", (event) => event.target.closest?.("#batch-examples") && begin());

    function progress(busy) {
      bars.hidden = doing.hidden = !busy;
      if (!busy) return;
      if (begun || !value.rows) {
        bars.removeAttribute("value");
        doing.textContent = value.state === "busy" && value.words ? value.words : app.say("page.batch.begun");
        return;
      }
      const parts = value.total * STATES.length;
      bars.max = parts;
      bars.value = value.done + (value.stage === "pruned" ? value.total : 0);
      const facts = { done: value.done, total: value.total, left: left(value) };
      doing.textContent = value.stage === "dense" ? app.say("page.batch.asking.dense", facts) : app.say("page.batch.asking.pruned", facts);
    }

    function draw() {
      const rows = value.rows ?? [];
      const busy = begun || value.state === "busy";
      body(element).dataset.state = begun ? "begun" : value.state;
      ask.textContent = app.say("page.batch.ask", { count: rows.filter((row) => !row.problem || row.said.dense).length });
      ask.hidden = busy || !rows.length;
      stop.hidden = !busy || begun;
      clear.hidden = busy || value.state === "empty";
      save.hidden = busy || !value.recipe;
      filter.hidden = !value.summary;
      words.textContent = busy ? "" : value.state === "stopped" ? app.say("page.batch.stopped", value) : value.words ?? "";
      words.hidden = !words.textContent;
      document.getElementById("batch-buttons").inert = busy;
      progress(busy);
      notes.replaceChildren(...(value.notes ?? []).map((note) => app.el("li", "", note)));
      result.replaceChildren(...(value.summary ? summary(value) : []));
      lines.element.hidden = !rows.length;
      if (rows.length) lines.show(value);
      mark(app.state);
    }

    /** Answers are about one recipe; as soon as it moves on, the table says so. */
    function mark(state) {
      const old = Boolean(value.key && state.table && (value.key !== state.table.key || value.percent !== state.percent));
      body(element).dataset.stale = String(old);
      stale.hidden = !old;
      stale.textContent = old ? app.say("page.batch.stale", { percent: `${value.percent}%` }) : "";
    }

    watch("value", () => {
      value = props.value ?? { state: "empty" };
      begun = false;
      if (!value.summary && box.checked) {
        box.checked = false;
        lines.filter(false);
      }
      draw();
    });
    draw();
    app.on(element, mark);
  };
})();
