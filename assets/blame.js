// What broke it: which block's pruning did how much of the damage to an answer, as a list and on the map.
(() => {
  "use strict";
  const app = window.ecoflap;
  const TOP = 10;
  const body = (element) => element.querySelector(".mount");
  const quoted = (side) => app.strips.quoted(side.answer ?? side, side.cut);
  const nats = (loss) => (loss < 0.1 ? loss.toFixed(4) : loss.toFixed(2));

  /** A block's name in words; the raw one where the map does not know it. */
  const wordsOf = (block) => app.state.grid.layers.find((layer) => layer.block === block)?.block_words || block;
  /** Why no block can be spared; empty where one can. A pattern decides about every layer, whatever is locked. */
  function reason() {
    const pattern = app.state.table?.pattern ?? "unstructured";
    return pattern === "unstructured" ? "" : app.say("page.layer.no_lock.pattern", { pattern });
  }
  const spared = (block) => !reason() && app.state.table?.knobs?.overrides?.[block] === 0;

  /** How far a row's bar reaches; where some blocks are below zero, all bars start further right. */
  function bar(share, low) {
    const [from, to] = [Math.max(low, Math.min(0, share)), Math.min(1, Math.max(0, share))];
    const place = (value) => `${(100 * (value - low)) / (1 - low)}%`;
    const fill = app.el("i", share < 0 ? "harm" : "");
    [fill.style.left, fill.style.width] = [place(from), `${(100 * (to - from)) / (1 - low)}%`];
    const box = app.el("span", "bar", "", [fill]);
    box.style.setProperty("--zero", place(0));
    box.classList.toggle("signed", low < 0);
    return box;
  }

  /** One block: its name, its share as a bar and a number, what is said with it whole, and the way to spare it. */
  function row(entry, low) {
    const name = app.el("button", "name", wordsOf(entry.block));
    name.title = entry.block;
    name.addEventListener("click", () => app.select(app.state.grid.layers.findIndex((layer) => layer.block === entry.block)));
    const spare = app.el("button", "toggle spare", app.say("page.blame.spare"));
    spare.addEventListener("click", () => (app.spare ? app.spare(entry.block) : app.lock({ [entry.block]: 0 })));
    const parts = [name, bar(entry.share, low), app.el("b", "share", app.share(entry.share, 0)), spare];
    if (entry.heard) {
      const key = entry.heard.same ? "page.blame.heard.right" : "page.blame.heard.wrong";
      parts.push(app.el("p", `heard ${entry.heard.same ? "right" : "wrong"}`, app.say(key, { answer: quoted(entry.heard) })));
    }
    const item = app.el("li", "", "", parts);
    Object.assign(item.dataset, { block: entry.block, share: entry.share.toFixed(4) });
    return item;
  }

  /** What the button of a row says: what it does, or that it is done. */
  function label(button, block) {
    const done = spared(block), words = app.say(done ? "page.blame.whole" : "page.blame.spare");
    button.disabled = done || Boolean(reason());
    button.title = reason();
    app.put(button, words);
    button.setAttribute("aria-label", `${words}: ${wordsOf(block)}`);
  }

  /** All blocks: those that win back most, the others folded away. */
  function list(blocks) {
    const low = Math.max(-1, Math.min(0, ...blocks.map((entry) => entry.share)));
    const rows = (some) => app.el("ol", "blocks", "", some.map((entry) => row(entry, low)));
    const found = [rows(blocks.slice(0, TOP))];
    const rest = blocks.slice(TOP);
    if (rest.length) {
      const summary = app.el("summary", "", app.say("page.blame.more", { count: rest.length }));
      found.push(app.el("details", "", "", [summary, rows(rest)]));
    }
    return found;
  }

  /** What happened, in a sentence. */
  function story(value) {
    const [from, to] = value.losses;
    const facts = { percent: `${value.percent}%`, dense: quoted(value.dense), pruned: quoted(value.pruned), from: nats(from), to: nats(to) };
    if (!value.blocks.length) return app.say("page.blame.none", facts);
    return app.say(value.pruned.same ? "page.blame.same" : "page.blame.wrong", facts);
  }

  /** What came of asking again, as far as it is known: nothing while the answers are about something else. */
  function retold(value) {
    const { answers, row } = app.state;
    if (answers?.state === "busy") return ["busy", app.say("page.ask.busy")];
    if (answers?.state === "error") return ["error", document.querySelector("#answers .problem")?.textContent ?? ""];
    const same = (answers?.question ?? "").trim() === (value.question ?? "").trim();
    if (answers?.state !== "done" || answers.stale || answers.percent_b !== row || !same) return ["", ""];
    const right = answers.b === answers.dense;
    return [right ? "right" : "wrong", app.say(right ? "page.blame.now.right" : "page.blame.now.wrong", { answer: quoted(answers.b) })];
  }

  app.mount.blame = ({ element, props, watch, trigger }) => {
    const [problem, stale, done] = ["problem", "stale", "spared"].map((name) => app.el("p", name));
    const progress = app.progress(() => trigger("halt", { kind: "blame" }));
    const title = app.el("h3");
    const [telling, note] = [app.el("p", "story"), app.el("p", "", app.say("page.blame.note"))];
    const blocks = app.el("div"), locked = app.el("p", "reason");
    let run = 0, shown = 0;
    const once = app.once(problem);
    app.explain = () => once.begin() && trigger("explain", { run: ++run });

    const onMap = app.el("button", "toggle map", app.say("page.blame.map"));
    onMap.addEventListener("click", () => {
      app.show("blame");
      document.getElementById("map-row").scrollIntoView({ block: "nearest" });
    });

    const again = app.el("button", "primary again", app.say("page.blame.again"));
    again.addEventListener("click", () => document.querySelector("#ask").click());

    const [outcome, fresh] = [app.el("span"), app.el("b", "fresh")];
    fresh.setAttribute("role", "status");
    done.append(outcome, " ", again, fresh);
    const line = app.el("div", "line", "", [title, ...progress.nodes, onMap]);
    const result = app.el("div", "result", "", [line, stale, telling, locked, blocks, done, note]);
    body(element).replaceChildren(problem, result);

    /** The map's part, and back to the sparsities where there is nothing to show any more. */
    function paint(value) {
      const { state } = app;
      if (!value?.blocks?.length) {
        state.blame = null;
        if (state.view === "blame") state.view = "sparsity";
      } else {
        const values = Object.fromEntries(value.blocks.map((entry) => [entry.block, entry.share]));
        state.blame = { values, percent: value.percent, key: value.key, question: value.question };
        if (shown !== value.run) state.view = "blame";
        shown = value.run;
      }
      app.tell();
    }

    function draw() {
      const value = props.value;
      if (!value) run++;
      const own = value && value.run === run ? value : null;
      if (own || !value) once.end();
      body(element).dataset.state = own ? own.state : "empty";
      once.tell(own);
      if (own?.blocks) fill(own);
      mark();
      paint(own && app.fits(own) ? own : null);
    }

    function fill(value) {
      title.textContent = app.say("page.blame.head", { percent: `${value.percent}%` });
      progress.draw(value);
      telling.textContent = story(value);
      onMap.hidden = note.hidden = !value.blocks.length;
      const open = blocks.querySelector("details")?.open;
      blocks.replaceChildren(...list(value.blocks));
      if (open && blocks.querySelector("details")) blocks.querySelector("details").open = true;
    }

    /** Whether it still is about what is shown, and what was spared since. */
    function mark() {
      const value = props.value?.blocks && props.value.run === run ? props.value : null;
      result.hidden = !value || !app.fits(value);
      const { state } = app;
      const held = value ? value.blocks.filter((entry) => spared(entry.block)) : [];
      const moved = Boolean(value && state.table && (value.key !== state.table.key || value.percent !== state.row));
      stale.hidden = !moved || held.length > 0;
      stale.textContent = moved ? app.say("page.blame.stale", { percent: `${value.percent}%` }) : "";
      done.hidden = !held.length;
      locked.textContent = value?.blocks.length ? reason() : "";
      locked.hidden = !locked.textContent;
      const names = app.clauses(held.map((entry) => wordsOf(entry.block)));
      outcome.textContent = app.say("page.blame.spared", { blocks: names, percent: `${state.row}%` });
      [fresh.dataset.state, fresh.textContent] = held.length ? retold(value) : ["", ""];
      for (const item of result.querySelectorAll("li")) label(item.querySelector(".spare"), item.dataset.block);
      body(element).dataset.stale = String(moved);
      body(element).dataset.spared = held.map((entry) => entry.block).join(" ");
    }

    app.rest(element, () => {
      mark();
      if (result.hidden && app.state.blame) paint(null);
    });
    document.addEventListener("input", (event) => event.target.closest?.("#question") && element.isConnected && mark());
    watch("value", draw);
    draw();
  };
})();
