// The selected layer: what is known of it, what is asked about it, and deciding over it by hand.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { state } = app;
  const { svg, swatch } = app.layerDraw;
  const body = (element) => element.querySelector(".mount");
  const CRITERIA = { wanda: "page.layer.criterion.wanda", magnitude: "page.layer.criterion.magnitude", ria: "page.layer.criterion.ria" };
  const THRESHOLDS = { matrix: "page.layer.threshold.matrix", row: "page.layer.threshold.row", "": "page.layer.threshold.whole" };
  const REST = 150; // ms without a move until a layer is looked at closely

  /** A value at an axis or a line, to two digits. */
  const axis = (value) => String(Number(value.toPrecision(2)));

  /** A count that fits its line: to three digits where it is long, as `exact` then says in full. */
  const count = (value) => (value < 1e5 ? app.number(value) : app.short(value));

  /** What is known of a layer at the shown target: word, value, and where the value is rounded the exact one. */
  app.facts = (layer) => {
    const { grid, table } = state;
    const info = grid.layers[layer];
    const size = info.rows * info.cols;
    const value = table.prunable[layer] ? app.sparsity(layer) : 0;
    const sure = app.confirmed();
    const kept = sure ? count(sure.kept[layer]) : app.say("page.layer.about", { kept: app.short(size * (1 - value)) });
    const of = (shown, all) => app.say("page.layer.kept_of", { kept: shown, size: all });
    const exact = sure && size >= 1e5 ? of(app.number(sure.kept[layer]), app.number(size)) : "";
    const score = app.figure(info.score, 3);
    return [
      [app.say("page.layer.sparsity"), app.share(value) + (app.capped(layer) ? ` ${app.say("page.layer.capped")}` : "")],
      [app.say("page.layer.kept"), of(kept, count(size)), exact],
      [app.say("page.layer.shape"), `${app.number(info.rows)} × ${app.number(info.cols)}`],
      [app.say("page.layer.score"), info.stderr === null ? score : `${score} ± ${app.figure(info.stderr, 2)}`],
    ];
  };

  /** The facts as a list whose values follow the hand, and how sure the score is. */
  function facts() {
    const values = Array.from({ length: 5 }, () => app.el("dd"));
    const words = values.map(() => app.el("dt"));
    const list = app.el("dl", "facts", "", values.map((value, i) => app.el("div", "", "", [words[i], value])));
    function draw() {
      const { score, stderr } = state.grid.layers[state.selected];
      const ends = { low: app.figure(Math.max(0, score - 1.96 * stderr), 3), high: app.figure(score + 1.96 * stderr, 3) };
      const sure = stderr === null ? app.say("page.layer.unsure") : app.say("page.layer.interval", ends);
      [...app.facts(state.selected), [app.say("page.layer.sure"), sure]].forEach(([word, value, exact = ""], i) => {
        if (words[i].textContent !== word) words[i].textContent = word;
        if (values[i].textContent !== value) values[i].textContent = value;
        if (values[i].title !== exact) values[i].title = exact;
      });
    }
    return { nodes: [list, app.el("p", "", app.say("page.layer.score_note"))], draw };
  }

  /** A small line: this layer's sparsity at every target, with the cursor. */
  function spark() {
    const HEIGHT = 50;
    const [line, cursor, dot] = [svg("polyline"), svg("line", { y1: 0, y2: HEIGHT, class: "cursor" }), svg("circle", { r: 4 })];
    const chart = svg("svg", { viewBox: `-4 -5 198 ${HEIGHT + 10}`, class: "spark", role: "img", "aria-label": app.say("page.layer.spark") });
    chart.append(svg("path", { d: `M0 0V${HEIGHT}H190`, class: "frame" }), line, cursor, dot);
    const ends = app.el("div", "ends", "", ["page.layer.spark_low", "page.layer.spark_high"].map((key) => app.el("span", "", app.say(key))));
    const title = app.el("h3", "", app.say("page.layer.spark"));
    const what = app.el("p", "what", app.say("page.layer.spark_note"));
    const note = app.el("p", "", app.say("page.layer.whole"));
    const box = app.el("section", "over", "", [title, chart, ends, what, note]);
    const height = (sparsity) => HEIGHT * (1 - sparsity);
    let drawn = null, of = -1;
    function draw() {
      const { table, row, selected, grid } = state;
      if (drawn !== table || of !== selected) {
        [drawn, of] = [table, selected];
        const points = [];
        for (let p = 0; p < 96; p++) if (table.reachable[p]) points.push(`${p * 2},${height(app.sparsityAt(selected, p))}`);
        line.setAttribute("points", points.join(" "));
        line.style.stroke = grid.bands[grid.layers[selected].band].colour;
        box.classList.toggle("whole", !table.prunable[selected]);
      }
      cursor.setAttribute("x1", row * 2);
      cursor.setAttribute("x2", row * 2);
      dot.setAttribute("cx", row * 2);
      dot.setAttribute("cy", height(app.sparsity(selected)));
    }
    return { box, draw };
  }

  /** What the weights say, below what the table says. */
  function close() {
    const { histogram, mask, zeros } = app.layerDraw;
    const [weights, criterion, picture, shared] = [histogram("weights"), histogram("criterion"), mask(), zeros()];
    const legend = app.el("div", "legend", "", [swatch("kept", app.say("page.layer.stays")), swatch("removed", app.say("page.layer.goes"))]);
    weights.box.firstChild.after(legend);
    const boxes = { shared: shared.box, weights: weights.box, criterion: criterion.box, picture: picture.box };
    for (const box of Object.values(boxes)) box.classList.add("close");
    shared.box.hidden = true;
    function drawWeights({ weights: value }) {
      const end = axis(value.high);
      weights.draw(value, [`≤ −${end}`, "0", `≥ ${end}`], null, { title: app.say("page.layer.weights"), note: app.say("page.layer.weights_note") });
    }

    function drawCriterion({ criterion: value, threshold, scope, pruner }) {
      const power = (log) => axis(10 ** log);
      const at = (log) => (log - value.low) / (value.high - value.low);
      const mark = threshold && [threshold.least, threshold.middle, threshold.most].map(at);
      const facts = threshold ? { least: power(threshold.least), middle: power(threshold.middle), most: power(threshold.most) } : { pattern: scope };
      const note = app.say(THRESHOLDS[scope] ?? "page.layer.threshold.pattern", facts);
      criterion.draw(value, [power(value.low), app.say("page.layer.log"), power(value.high)], mark, { title: app.say(CRITERIA[pruner]), note });
    }

    function draw(seen, info) {
      drawWeights(seen);
      drawCriterion(seen);
      picture.draw(seen, info);
      shared.box.hidden = seen.zeros === null;
      if (seen.zeros) shared.draw(seen.zeros, seen.size);
    }

    /** Without weights there is nothing to see, and the sentence that says why stands there instead. */
    const hide = (nothing) => [weights, criterion, picture].forEach(({ box }) => (box.hidden = nothing));
    return { boxes, draw, hide };
  }

  /** What an inspection would be about: it is asked for again only when this changes. */
  function subject() {
    const { selected, table, row, pinned, grid, status } = state;
    const against = pinned ? `${pinned.key} ${pinned.percent}` : "";
    const about = { layer: grid.layers[selected].name, target: row, key: table.key, against };
    return { ...about, id: JSON.stringify([...Object.values(about), grid.model, status]) };
  }

  /** Whether the target is on the move, though it may rest for a moment: held by a pointer, or played. */
  const moving = () => state.playing || document.querySelector("#target input[type=range]:active") !== null;

  app.mount.layer = ({ element, trigger, props, watch }) => {
    const name = app.el("strong", "words");
    const [known, line, lock, seen] = [facts(), spark(), app.layerLock(), close()];
    const [note, raw] = [app.el("p", "note"), app.el("code", "raw")];
    note.setAttribute("role", "status");
    const hint = app.el("p", "", app.say("page.layer.hint"));
    const { shared, weights, criterion, picture } = seen.boxes;
    const parts = [name, ...known.nodes, shared, note, weights, lock.box, criterion, picture, line.box, raw];
    const shown = app.el("div", "shown", "", parts);
    const save = app.saveMenu("layer", app.say("page.layer.title"), app.layerDrawing);
    body(element).replaceChildren(app.el("div", "top", "", [app.el("h2", "", app.say("page.layer.title")), save]), hint, shown);
    let asked = "";
    const looks = app.inTurn((about, ticket) => trigger("inspect", { ...about, ticket }));

    /** Whether what has arrived is about exactly what is shown. */
    function fresh(about) {
      const value = props.value;
      return Boolean(value) && ["layer", "target", "key", "against"].every((part) => value[part] === about[part]);
    }

    function mark() {
      const sure = fresh(subject());
      const found = sure ? ["seen", "error", "waiting"].find((kind) => props.value[kind]) : "stale";
      if (body(element).dataset.state !== found) body(element).dataset.state = found;
    }

    function arrived() {
      const value = props.value;
      looks.answered(value?.ticket);
      if (!value || !state.table || state.selected < 0) return;
      const info = state.grid.layers[state.selected];
      if (value.layer !== info.name) return;
      note.textContent = value.error ?? value.waiting ?? "";
      note.className = value.error ? "problem" : value.waiting ? "waiting" : "note";
      note.hidden = !note.textContent;
      seen.hide(!note.hidden);
      lock.price(value.costs ?? null);
      const found = value.seen ? JSON.parse(value.seen) : null;
      if (found) seen.draw(found, info);
      const { layer, target, key } = value;
      state.inspected = found && { layer, target, key, seen: found };
      mark();
      app.tell();
    }

    function ask() {
      if (!state.table || state.selected < 0 || moving()) return;
      const about = subject();
      if (about.id === asked) return;
      asked = about.id;
      looks.want({ ...about, pinned: state.pinned ? state.pinned.values : null });
    }

    app.on(element, () => {
      const none = state.selected < 0 || !state.table;
      body(element).dataset.layer = state.selected;
      hint.hidden = !none;
      shown.hidden = save.hidden = none;
      if (none) return;
      const info = state.grid.layers[state.selected];
      if (name.textContent !== info.words) name.textContent = info.words;
      if (raw.textContent !== info.name) raw.textContent = info.name;
      for (const part of [known, lock, line]) part.draw();
      mark();
    });
    app.rest(element, ask, REST);
    watch("value", arrived);
  };
})();
