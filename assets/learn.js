// Learn, at the end of the page: both steps of the method in words and formulas, with the numbers of what is shown.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { state, say, el, put } = app;
  const WAIT = 200; // ms without a move until the numbers are asked for

  /** A paragraph for each sentence key. */
  const told = (...keys) => keys.map((key) => el("p", "", say(key)));

  /** What each sign of a formula means: {sign: key of the words}. */
  const signs = (words) => el("dl", "signs", "", Object.entries(words).flatMap(([sign, key]) => [el("dt", "", sign), el("dd", "", say(key))]));

  /** A list of numbers whose values follow the page: {name: key of the word}; `put` takes {name: words}. */
  function numbers(words) {
    const values = Object.fromEntries(Object.keys(words).map((name) => [name, el("dd")]));
    const rows = Object.entries(words).map(([name, key]) => {
      values[name].dataset.number = name;
      return el("div", "", "", [el("dt", "", say(key)), values[name]]);
    });
    return { node: el("dl", "numbers", "", rows), put: (found) => Object.entries(found).forEach(([name, word]) => put(values[name], word)) };
  }

  /** Buttons that set the page: {key of the words: what to do}. */
  function tries(acts) {
    const buttons = Object.entries(acts).map(([key, act]) => {
      const button = el("button", "toggle", say(key));
      button.type = "button";
      button.dataset.try = key.split(".").at(-1);
      button.addEventListener("click", act);
      return button;
    });
    return el("div", "tries", "", [el("span", "", say("page.learn.try")), ...buttons]);
  }

  const set = (values) => () => state.table && app.restore({ ...app.snapshot(), ...values });
  const prunable = () => state.grid.layers.map((_, layer) => layer).filter((layer) => state.table?.prunable[layer]);
  const signed = (score, stderr) => (stderr === null ? app.figure(score, 3) : `${app.figure(score, 3)} ± ${app.figure(stderr, 2)}`);
  const unknown = () => say("page.learn.unknown");

  function scoreTopic() {
    const live = numbers({ words: "page.learn.selected", score: "page.learn.score.score", draws: "page.learn.score.draws", eps: "page.learn.score.eps" });
    const note = el("p", "note");
    const first = () => prunable().reduce((best, layer) => (state.grid.layers[layer].score > state.grid.layers[best].score ? layer : best), prunable()[0]);
    const parts = [
      ...told("page.learn.score.why"), app.formulas.score(),
      signs({ "L": "page.learn.score.l", "W": "page.learn.score.w", "z": "page.learn.score.z", "ε": "page.learn.score.e", "n": "page.learn.score.n" }),
      ...told("page.learn.score.means"), live.node, note,
      tries({
        "page.learn.score.map": () => {
          app.show("score");
          document.getElementById("map-row").scrollIntoView({ block: "nearest" });
        },
        "page.learn.score.most": () => prunable().length && app.select(first()),
      }),
    ];
    function draw({ scored }) {
      const { method, eps, score, stderr, draws } = scored;
      const known = say(`page.scoring.method.${method}`) !== `page.scoring.method.${method}`;
      live.put({
        words: state.grid.layers[state.selected].words, score: signed(score, stderr),
        draws: draws === null ? unknown() : app.number(draws), eps: eps === null ? unknown() : app.figure(eps, 3),
      });
      const facts = known ? { method: say(`page.scoring.method.${method}`), about: say(`page.scoring.about.${method}`) } : { method, about: "" };
      put(note, method === "zeroth-order" ? "" : say("page.learn.score.other", facts));
    }
    return { name: "score", title: "page.learn.score.title", parts, draw };
  }

  /** What is special about a group's share; empty where the formula says all. */
  function special(share) {
    if (!share) return say("page.learn.share.none");
    if (share.held) return say("page.learn.share.held");
    if (share.allocator !== "ecoflap") return say("page.learn.share.other", { allocator: say(`page.rail.allocator.${share.allocator}`) });
    if (share.kept === share.size) return say("page.learn.share.full");
    return share.whole ? say("page.learn.share.some", { count: share.whole }) : "";
  }

  function shareTopic() {
    const words = { group: "page.learn.share.group", size: "page.learn.share.size", score: "page.learn.share.score", part: "page.learn.share.part" };
    const more = { cap: "page.learn.share.cap", floor: "page.learn.share.floor", kept: "page.learn.share.kept", sparsity: "page.learn.share.sparsity" };
    const live = numbers({ ...words, ...more });
    const [here, line, closed] = [app.formulas.keptHere(), app.formulas.spreadHere(), el("div", "closed")];
    const note = el("p", "note");
    closed.append(...told("page.learn.share.closed"), app.formulas.spread(), line.node);
    const parts = [
      ...told("page.learn.share.why"), app.formulas.kept(), app.formulas.sparsity(),
      signs({
        "g": "page.learn.share.sign.g", "N": "page.learn.share.sign.n", "S": "page.learn.share.sign.s", "c": "page.learn.share.sign.c",
        "p": "page.learn.share.sign.p", "R": "page.learn.share.sign.r", "K": "page.learn.share.sign.k",
      }),
      here.node, live.node, note, closed,
      tries({
        "page.learn.share.uniform": set({ pattern: "unstructured", allocator: "uniform" }),
        "page.learn.share.ecoflap": set({ pattern: "unstructured", allocator: "ecoflap" }),
        "page.learn.share.layer": set({ pattern: "unstructured", granularity: "layer" }),
        "page.learn.share.margin": set({ pattern: "unstructured", cap_mode: "margin", margin: 30 }),
      }),
    ];
    function draw({ share }) {
      put(note, special(share));
      const formula = Boolean(share) && !share.held && share.allocator === "ecoflap" && share.kept < share.size;
      here.node.classList.toggle("off", !formula);
      closed.hidden = !formula || share.whole > 0;
      live.node.hidden = !share;
      if (!share) return;
      const { size, score, all_scores: all, total, keep, cap, floor, rest, kept } = share;
      const [own, sparsity] = [app.figure(score, 4), app.share(1 - kept / size)];
      live.put({
        group: app.lockWords(share.group), size: app.number(size), score: own, part: app.share(score / all), cap: app.share(cap, 0),
        floor: app.number(floor), kept: say("page.layer.kept_of", { kept: app.number(kept), size: app.number(size) }), sparsity,
      });
      here.put([app.number(floor), app.number(rest), own, app.figure(all, 4), app.number(kept)]);
      const target = app.share(1 - keep / total);
      line.put([app.share(cap), app.share(cap), target, own, app.figure(all, 4), app.number(total), app.number(size), sparsity]);
    }
    return { name: "share", title: "page.learn.share.title", parts, draw };
  }

  app.learnParts = { told, signs, numbers, tries, set, prunable };

  /** The numbers are asked for where somebody can see them: what is in view and open. */
  app.mount.learn = ({ element, props, watch, trigger }) => {
    const body = element.querySelector(".mount");
    const topics = [scoreTopic(), shareTopic(), ...app.learnTopics()];
    const problem = el("p", "problem");
    problem.hidden = true;
    const boxes = topics.map(({ name, title, parts }, i) => {
      const box = el("details", "", "", [el("summary", "", say(title)), el("div", "topic", "", parts)]);
      box.dataset.topic = name;
      box.open = i === 0;
      return box;
    });
    body.replaceChildren(el("h2", "", say("page.learn.title")), el("p", "lead", say("page.learn.lead")), problem, ...boxes);
    const asks = app.inTurn((about, ticket) => trigger("explain", { ...about, ticket }));
    let seen = false, asked = "";

    const subject = () => ({ layer: state.grid.layers[state.selected]?.name, target: state.row, key: state.table?.key });
    const fresh = (about) => Boolean(props.value) && ["layer", "target", "key"].every((part) => props.value[part] === about[part]);

    function show() {
      if (!state.table || state.selected < 0) return;
      const about = subject(), value = props.value;
      const own = fresh(about);
      body.dataset.state = own ? (value.error ? "error" : "told") : "stale";
      body.dataset.about = own ? JSON.stringify(about) : "";
      const { layer, target, key } = state.inspected ?? {};
      body.dataset.inspected = JSON.stringify({ layer, target, key });
      problem.hidden = !(own && value.error);
      if (own && value.error) put(problem, value.error);
      for (const topic of topics) if (topic.alone || (own && !value.error)) topic.draw(value);
    }

    function ask() {
      if (!seen || !state.table || state.selected < 0) return;
      show();
      const about = subject(), id = JSON.stringify([about, state.grid.model]);
      if (id === asked) return;
      asked = id;
      asks.want(about);
    }

    new IntersectionObserver(([entry]) => {
      seen = entry.isIntersecting;
      if (seen) ask();
    }).observe(body);
    app.rest(element, ask, WAIT);
    watch("value", () => {
      asks.answered(props.value?.ticket);
      show();
    });
  };
})();
