// The answers side by side, told while they grow: what differs, where they part, how sure and how surprised each model is.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { el, say } = app;
  const body = (element) => element.querySelector(".mount");
  const SIDES = ["dense", "pruned", "pinned"];
  const SURE = 0.9; // below it the probability is always shown as a number
  const EVEN = Math.LN2; // nats of surprise at what had an even chance: no bar is full below it
  const LONG = 60; // letters beyond which all answers get the smaller type: a pruned model may ramble

  /** How sure the model was of each token; those of one word stand together. */
  function words(side, marked) {
    const groups = [];
    side.tokens.forEach(([token, probability, begins], i) => {
      const fill = el("i");
      fill.style.width = `${probability * 100}%`;
      const made = el("span", "token", "", [el("span", "word", token), el("b", "", app.share(probability, 0)), el("span", "line", "", [fill])]);
      made.title = say("page.ask.token", { token, share: app.share(probability) });
      made.classList.toggle("unsure", probability < SURE);
      if (marked.includes(i)) made.dataset.parts = "true";
      if (begins || !groups.length) groups.push(el("span", "group"));
      groups[groups.length - 1].append(made);
    });
    return el("div", "tokens", "", groups);
  }

  /** The most probable labels, the chosen one first. */
  function choices(side) {
    const rows = side.tokens.map(([label, probability]) => {
      const fill = el("i");
      fill.style.width = `${probability * 100}%`;
      return el("div", "choice", "", [el("span", "name", label), el("span", "bar", "", [fill]), el("b", "", app.share(probability))]);
    });
    return el("div", "choices", "", rows);
  }

  const who = (name) => say(`page.ask.who.${name}`);

  /** Where an answer leaves the dense one, in words. */
  function parting(name, side) {
    const piece = (found, of) => found
      ? say("page.ask.part.said", { word: found[0], who: who(of), share: app.share(found[1], 0) })
      : say("page.ask.part.end", { who: who(of) });
    const { word, dense, other } = side.parting;
    return say("page.ask.part", { number: word, dense: piece(dense, "dense"), other: piece(other, name) });
  }

  app.parting = parting;

  const title = (name, value) => say(name === "pruned" && value.pinned ? "page.ask.pruned_b" : `page.ask.${name}`);

  function head(name, side, value) {
    const heading = el("h3", "", title(name, value));
    if (name !== "dense") heading.append(el("span", "unit", say("page.ask.at", { percent: `${side.percent}%` })));
    const parts = [name === "dense" ? say("page.ask.whole") : side.recipe];
    if (side.achieved) parts.push(say("page.ask.achieved", { achieved: app.share(side.achieved) }));
    if (side.done) parts.push(side.kept ? say("page.ask.kept") : say("page.ask.seconds", { seconds: side.seconds.toFixed(2) }));
    return el("header", "", "", [heading, el("p", "how", parts.join("\u00a0· "))]);
  }

  function text(side, value) {
    const shown = el("p", "answer");
    side.words.forEach(([run, same], i) => {
      if (i) shown.append(" ");
      shown.append(same ? run : el("mark", "", run));
    });
    if (side.words.length) return shown;
    const none = side.done ? "silent" : value.state === "stopped" ? "unsaid" : side.begun ? "thinking" : "later";
    shown.append(el("em", "", say(`page.ask.${none}`)));
    return shown;
  }

  /** How surprising the dense answer is to this model, beside how surprising it is to the dense one. */
  function surprise(name, side, value) {
    const unit = value.chosen ? "labels" : "words";
    const number = (given) => (given === null ? "–" : given < 0.01 ? "< 0.01" : given.toFixed(2));
    const facts = { value: number(side.surprise), dense: number(value.dense.surprise) };
    const fill = el("i");
    const most = Math.max(EVEN, ...SIDES.map((each) => value[each]?.surprise ?? 0));
    fill.style.width = `${(side.surprise / most) * 100}%`;
    const sentence = say(name === "dense" ? `page.ask.own.${unit}` : `page.ask.surprise.${unit}`, facts);
    const made = el("div", "surprise", "", [el("p", "", sentence), el("span", "bar", "", [fill])]);
    made.dataset.value = side.surprise;
    return made;
  }

  function card(name, value) {
    const side = value[name];
    const made = el("section", "card", "", [head(name, side, value)]);
    made.dataset.side = name;
    made.dataset.done = String(side.done);
    const stale = el("p", "stale");
    stale.setAttribute("role", "status");
    stale.hidden = true;
    if (name !== "dense") made.append(stale);
    const marked = SIDES.filter((each) => each === name || (name === "dense" && each === "pruned"))
      .map((each) => value[each].parting?.token).filter((token) => token !== undefined);
    const answer = text(side, value);
    const bars = value.chosen ? choices(side) : words(side, marked);
    for (const node of value.chosen ? [answer] : [answer, bars]) node.tabIndex = 0; // they scroll: the keyboard has to reach them
    made.append(answer, bars);
    if (side.parting) made.append(el("p", "parting", parting(name, side)));
    else if (side.alike) made.append(el("p", "alike", say("page.ask.alike")));
    if (side.surprise !== null) made.append(surprise(name, side, value));
    return made;
  }

  const long = (side) => side.words.reduce((sum, [run]) => sum + run.length + 1, 0) > LONG;

  /** Everything about one question. */
  function answers(value) {
    const sides = SIDES.filter((name) => value[name]);
    const columns = el("div", "pair", "", sides.map((name) => card(name, value)));
    columns.classList.toggle("long", sides.some((name) => long(value[name])));
    columns.dataset.columns = sides.length;
    const kind = value.chosen ? "labels" : "words";
    const notes = [say(`page.ask.${value.same ? "same" : "differ"}.${kind}`), say(`page.ask.surprise.why.${kind}`)];
    return [
      el("p", "asked", value.question && say("page.ask.asked", { question: value.question })),
      ...(value.state === "stopped" ? [el("p", "stopped", say("page.ask.stopped"))] : []),
      ...(value.problem ? [el("p", "problem", say("page.ask.unpinned", { problem: value.problem }))] : []),
      columns,
      el("div", "notes", "", [...notes, value.settings, say("page.ask.caution")].map((line) => el("p", "", line))),
    ];
  }

  /** What other parts of the page may know of the answers: {state, stale, question, dense, a, b, percent_a, percent_b}. */
  function known(value) {
    if (!value) return null;
    const said = (name) => (value[name] ? value[name].words.map(([run]) => run).join(" ") : null);
    return {
      state: value.state === "saying" ? "busy" : value.state, stale: false, question: value.question ?? "",
      dense: said("dense"), b: said("pruned"), a: said("pinned"),
      percent_b: value.pruned?.percent ?? null, percent_a: value.pinned?.percent ?? null,
    };
  }

  /** What is wrong with showing a column's answer now; empty where nothing is. */
  function outdated(name, side, { table, percent, pinned }) {
    if (name === "pinned") {
      if (!pinned) return say("page.ask.stale.unpinned");
      return pinned.key === side.key && pinned.percent === side.percent ? "" : say("page.ask.stale.pinned");
    }
    const same = !table || (side.key === table.key && side.percent === percent);
    return same ? "" : say("page.ask.stale", { percent: `${side.percent}%` });
  }

  app.mount.answers = ({ element, props, watch }) => {
    const voice = el("p", "voice");
    voice.setAttribute("role", "status");
    const shown = el("div", "shown");
    let cards = [], drawn = null; // what is shown: the value may be newer for a moment
    body(element).replaceChildren(voice, shown);

    function draw() {
      // What is said of a picture that is no longer in front of the model comes too late.
      const late = props.value && app.state.picture && props.value.about !== app.state.picture;
      const value = (drawn = late ? null : props.value);
      const state = value ? value.state : "empty";
      const told = ["saying", "done", "stopped"].includes(state);
      const before = body(element).dataset.state;
      body(element).dataset.state = state;
      element.closest("#ask-section")?.classList.toggle("asking", ["busy", "saying"].includes(state));
      // What comes grows into the place of what was there: nothing below it jumps.
      shown.style.minHeight = ["busy", "saying"].includes(state) ? `${shown.offsetHeight}px` : "";
      if (told) shown.replaceChildren(...answers(value));
      else if (!value) shown.replaceChildren(el("p", "empty", say("page.ask.empty")));
      else shown.replaceChildren(el("p", state === "busy" ? "busy" : "problem", value.words));
      cards = told ? [...shown.querySelectorAll(".card")] : [];
      if (state === "saying") for (const node of shown.querySelectorAll(".answer, .tokens")) node.scrollTop = node.scrollHeight;
      app.state.answers = known(value);
      if (state === "done" && before !== "done") app.heard(value); // Gradio gives the last value twice
      voice.textContent = state === "done" ? SIDES.filter((name) => value[name]).map((name) => spoken(name, value)).join(" ") : "";
      if (state === "saying") mark(app.state); // word by word is news to this part alone
      else app.tell();
    }

    const spoken = (name, value) => say("page.ask.spoken", { who: title(name, value), answer: value[name].words.map(([run]) => run).join(" ") || say("page.ask.silent") });

    /** An answer is about one recipe; as soon as that recipe is no longer the one shown or pinned, the answer says so. */
    function mark(state) {
      for (const made of cards) {
        const name = made.dataset.side;
        const words = name === "dense" ? "" : outdated(name, drawn[name], state);
        if (made.dataset.stale === String(Boolean(words)) && made.dataset.words === words) continue;
        Object.assign(made.dataset, { stale: String(Boolean(words)), words });
        const note = made.querySelector(".stale");
        if (note) [note.hidden, note.textContent] = [!words, words];
      }
      const old = cards[1]?.dataset.stale ?? "false";
      body(element).dataset.stale = old;
      if (state.answers) state.answers.stale = old === "true";
    }

    watch("value", draw);
    draw();
    app.on(element, mark);
  };
})();
