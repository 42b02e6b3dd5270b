// The pinned recipe A against B, which is whatever the page shows: both in words, and what differs between them.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { state } = app;
  const body = (element) => element.querySelector(".mount");
  const MOST = 20;

  function button(key, run, name = "toggle") {
    const made = app.el("button", name, key && app.say(key));
    made.type = "button";
    made.addEventListener("click", run);
    return made;
  }

  const allocator = (values) => app.say(`page.allocator.${values.allocator}`);
  const cap = (values) => (values.cap_mode === "fixed"
    ? app.say("page.compare.cap.fixed", { cap: values.cap }) : app.say("page.compare.cap.margin", { margin: values.margin }));
  const free = (values) => values.pattern === "unstructured";

  function locks({ overrides }) {
    const parts = Object.entries(overrides).map(([name, value]) => app.say("page.compare.lock", { name: app.lockWords(name), share: app.share(value, 0) }));
    const more = parts.length - 3;
    return parts.length ? app.clauses(parts.slice(0, 3)) + (more > 0 ? ` ${app.say("page.compare.locks.more", { count: more })}` : "") : app.say("page.compare.none");
  }

  /** A recipe in a few words. */
  const brief = (values) => (free(values)
    ? app.say("page.compare.brief", { allocator: allocator(values), percent: values.percent, cap: cap(values) })
    : app.say("page.compare.brief.pattern", { pattern: values.pattern }));

  app.recipeWords = brief;

  /** Every knob: its label, and what it says in words. A pattern leaves some of them nothing to decide. */
  const KNOBS = [
    ["page.rail.target", (values) => `${values.percent}%`],
    ["page.rail.allocator", (values) => (free(values) ? allocator(values) : "–")],
    ["page.rail.granularity", (values) => (free(values) ? app.say(`page.rail.granularity.${values.granularity}`) : "–")],
    ["page.rail.cap_mode", (values) => (free(values) ? cap(values) : "–")],
    ["page.rail.bridge", (values) => (values.bridge ? app.say("page.compare.yes") : app.say("page.compare.no"))],
    ["page.rail.pattern", (values) => app.say(`page.rail.pattern.${values.pattern}`)],
    ["page.rail.scores", (values) => (values.scores ?? "").slice(0, 8) || app.say("page.rail.scores.own")],
    ["page.compare.locks", locks],
  ];

  /** What tells two recipes apart that are the same in brief: the first setting that differs, for each of them. */
  function apart(one, other) {
    const found = brief(one) === brief(other) && KNOBS.find(([, read]) => read(one) !== read(other));
    const words = (values) => (found ? app.say("page.compare.apart", { recipe: brief(values), what: app.say(found[0]), value: found[1](values) }) : brief(values));
    return { a: words(one), b: words(other) };
  }

  const setup = () => KNOBS.map(([key, read]) => [app.say(key), read(state.pinned.values), read(app.snapshot())]);

  /** What came of both, as lines like those of the knobs. */
  function outcomes() {
    const one = app.outcome(state.pinned.table, state.pinned.percent);
    const other = app.outcome(state.table, state.row);
    const kept = state.grid.bands.map(({ modality, title }) => [
      app.say("page.compare.kept", { part: title }), ...[one, other].map((side) => app.share(side.kept[modality] ?? 1)),
    ]);
    return [
      [app.say("page.strip.achieved"), app.share(one.achieved), app.share(other.achieved)],
      ...kept,
      [app.say("page.compare.capped"), app.number(one.capped), app.number(other.capped)],
    ];
  }

  function lines(title, rows) {
    const head = app.el("tr", "part", "", [app.el("th", "", title)]);
    head.firstChild.colSpan = 3;
    return [head, ...rows.map(([label, a, b]) => {
      const differs = a !== b;
      const name = app.el("th", "", label);
      name.scope = "row";
      const made = app.el("tr", differs ? "differs" : "", "", [name, app.el("td", "", a), app.el("td", "", b)]);
      if (differs) made.lastChild.append(app.el("span", "aside", app.say("page.compare.other")));
      return made;
    })];
  }

  function sides() {
    const heads = [app.say("page.compare.a"), app.say("page.compare.b")].map((words) => app.el("th", "", words));
    heads.forEach((head) => (head.scope = "col"));
    const rows = [...lines(app.say("page.compare.setup"), setup()), ...lines(app.say("page.compare.outcome"), outcomes())];
    return app.el("table", "sides", "", [app.el("thead", "", "", [app.el("tr", "", "", [app.el("td"), ...heads])]), app.el("tbody", "", "", rows)]);
  }

  function figures() {
    const found = app.moved();
    const parts = [
      ["page.compare.only_b", found.onlyB, "more"], ["page.compare.only_a", found.onlyA, "less"],
    ].map(([key, weights, kind]) => app.el("div", kind, "", [
      app.el("b", "", app.short(weights)), app.el("span", "", app.say(key, { share: app.share(weights / found.total) })),
    ]));
    const facts = { changed: app.number(found.changed), layers: app.number(found.layers), mean: (found.mean * 100).toFixed(1) };
    // Masks of one pattern are nested, so these are all the weights that differ; those of two patterns are not.
    const atLeast = state.pinned.values.pattern === state.table.knobs.pattern ? "" : app.say("page.compare.at_least");
    return app.el("div", "figures", "", [...parts, app.el("p", "", `${app.say("page.compare.mean", facts)} ${atLeast}`)]);
  }

  function bar(value, kind) {
    const fill = app.el("i");
    fill.style.width = `${value * 100}%`;
    return [app.el("span", `value ${kind}`, app.share(value)), app.el("span", `bar ${kind}`, "", [fill])];
  }

  /** One line of the list: A to the left, B to the right, in the middle what it is about. */
  function line(group) {
    const size = app.say("page.compare.size", { count: group.count, weights: app.short(group.size) });
    const about = app.el("span", "about", "", [app.el("span", "", group.words), app.el("small", "", size)]);
    const change = app.el("b", group.change > 0 ? "change more" : "change less", app.points(group.change));
    const [one, other] = [bar(group.a, "a"), bar(group.b, "b")];
    const made = button("", () => app.select(group.layer), "line");
    made.append(...one, about, ...other.reverse(), change);
    made.classList.add(group.change > 0 ? "up" : "down");
    made.dataset.key = group.key;
    made.title = app.say("page.compare.line", { words: group.words, a: app.share(group.a), b: app.share(group.b) });
    return app.el("li", "", "", [made]);
  }

  /** Whether all groups moved alike because the cap moved with the target, as it does while no group is at an end. */
  function shifted(groups) {
    const [a, b] = [state.pinned.values, state.table.knobs];
    const tied = [a, b].every((values) => values.cap_mode === "margin" && values.allocator === "ecoflap" && free(values));
    return tied && a.margin === b.margin && groups.length > 1 && groups.every(({ change }) => Math.abs(change - groups[0].change) < 0.0005);
  }

  /** The list of the largest changes, which keeps its lines where they are while the hand moves. */
  function list() {
    const lead = app.el("p", "count");
    const rigid = app.el("p", "rigid", app.say("page.compare.rigid"));
    const rows = app.el("ol");
    let order = "change";
    const choice = app.segments(app.say("page.compare.order"), { change: "page.compare.order.change", weights: "page.compare.order.weights" }, (name) => {
      order = name;
      show();
    });
    const head = app.el("div", "top", "", [app.el("h3", "", app.say("page.compare.list")), choice.group]);

    function show() {
      choice.press(order);
      const groups = app.changes().filter((group) => app.visible(group.change));
      // Of what reads the same, the first in the model comes first.
      const by = (group) => (order === "change" ? Math.round(Math.abs(group.change) * 1000) : group.weights);
      groups.sort((one, other) => by(other) - by(one));
      const shown = groups.slice(0, MOST);
      lead.textContent = app.say("page.compare.count", { shown: shown.length, count: groups.length });
      rigid.hidden = !shifted(groups);
      const focused = document.activeElement?.closest?.("#compare .line")?.dataset.key;
      rows.replaceChildren(...shown.map(line));
      if (focused !== undefined) [...rows.querySelectorAll(".line")].find((made) => made.dataset.key === focused)?.focus();
      rows.dataset.keys = shown.map((group) => group.key).join(" ");
      select();
    }
    function select() {
      const info = state.grid.layers[state.selected];
      const own = info ? [info.name, info.block, state.grid.bands[info.band].modality] : [];
      for (const made of rows.querySelectorAll(".line")) made.setAttribute("aria-current", String(own.includes(made.dataset.key)));
    }
    return { nodes: [head, lead, rigid, rows], show, select };
  }

  /** The last answers, one line each, as long as they are about what is shown. */
  function answers() {
    const { answers: last } = state;
    if (!last || last.state !== "done" || last.stale || !last.a) return [];
    return [
      app.el("p", "asked", app.say("page.ask.asked", { question: last.question })),
      ...["dense", "a", "b"].map((side) => app.el("p", "said", "", [
        app.el("b", "", app.say(`page.compare.said.${side}`)), app.el("span", "", last[side] || app.say("page.ask.silent")),
      ])),
    ];
  }

  /** Make what is shown A, and show what A was. */
  app.swap = () => {
    if (app.waiting()) return; // what is shown is not B yet
    const before = state.pinned;
    app.restore(before.values, () => {
      state.pinned = before;
      app.tellPinned(before.values);
      app.tell();
    });
    app.pin();
  };

  app.mount.pin = ({ element, props, watch }) => {
    const words = app.el("span", "words");
    const pin = button("page.compare.pin.short", app.pin);
    pin.title = app.say("page.compare.pin.why");
    const unpin = button("page.compare.unpin", app.unpin);
    body(element).replaceChildren(words, pin, unpin);
    watch("value", () => app.pinTold(props.value));
    let seen;
    app.on(element, ({ pinned, table }) => {
      pin.hidden = Boolean(pinned);
      pin.disabled = !table;
      if (pinned === seen) return;
      if (seen && !pinned) app.tellPinned(null); // also where another model made an end of it
      seen = pinned;
      words.hidden = unpin.hidden = !pinned;
      words.textContent = pinned ? app.say("page.compare.pinned", { recipe: brief(pinned.values) }) : "";
      body(element).dataset.pinned = pinned ? pinned.percent : "";
    });
  };

  app.mount.compare = ({ element }) => {
    const lead = app.el("p", "lead");
    const pin = button("page.compare.pin", app.pin, "toggle primary");
    const view = button("", () => {
      app.show(state.view === "difference" ? "sparsity" : "difference");
      document.getElementById("map-row").scrollIntoView({ block: "nearest" });
    });
    const back = button("page.compare.back", () => app.restore(state.pinned.values));
    const ask = button("page.compare.ask", () => {
      document.getElementById("ask").click();
      document.getElementById("ask-section").scrollIntoView({ block: "start" });
    });
    const save = app.saveMenu("difference", app.say("page.view.difference"), app.mapDrawing("difference"));
    const pinned = [save, view, button("page.compare.swap", app.swap), back, ask, button("page.compare.unpin", app.unpin)];
    const tools = app.el("div", "tools", "", [pin, ...pinned]);
    const same = app.el("p", "same", app.say("page.compare.same"));
    const [left, said, changes] = [app.el("div", "left"), app.el("div", "answers"), list()];
    const right = app.el("div", "right", "", changes.nodes);
    const grid = app.el("div", "both", "", [left, right]);
    body(element).replaceChildren(app.el("h2", "", app.say("page.compare.title")), lead, tools, said, same, grid);
    let drawn = "";

    /** Once the hand has rested: what is too much for every frame, and lines that must not jump under it. */
    function draw() {
      const { pinned: a, table, row } = state;
      const both = Boolean(a && table);
      pin.hidden = both;
      pin.disabled = !table;
      for (const made of pinned) made.hidden = !both;
      lead.textContent = both ? app.say("page.compare.lead", apart(a.values, app.snapshot())) : app.say("page.compare.empty");
      view.textContent = state.view === "difference" ? app.say("page.compare.hide") : app.say("page.compare.show");
      view.setAttribute("aria-pressed", String(state.view === "difference"));
      said.replaceChildren(...(both ? answers() : []));
      grid.hidden = same.hidden = true;
      body(element).dataset.state = both ? "pinned" : "empty";
      if (!both) {
        drawn = "";
        return;
      }
      const equal = a.key === table.key && a.percent === row;
      back.disabled = equal;
      same.hidden = !equal;
      grid.hidden = equal;
      body(element).dataset.shown = `${a.key} ${a.percent} ${table.key} ${row}`;
      if (!equal && drawn !== body(element).dataset.shown) {
        left.replaceChildren(sides(), figures());
        changes.show();
      } else if (!equal) changes.select();
      drawn = equal ? "" : body(element).dataset.shown;
    }
    app.rest(element, draw);
  };
})();
