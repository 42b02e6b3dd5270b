// Opening a link: when layers and table are there every knob is set by Python at once, then what the page shows of it.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { state, say } = app;
  const PATIENCE = 10000; // ms after which a picture is no longer waited for

  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const quoted = (names) => names.slice(0, 3).map((name) => `“${app.linkKeys.clip(name)}”`).join(", ");

  // Python's first news of the model: before it, tables may still be of another one.
  let fresh = null;
  const begun = new Promise((resolve) => (fresh = resolve));
  app.begun = () => begun;
  app.linkReady = () => fresh();

  /** Ways to wait until something is so, looked at with every news of the page. */
  function waiter(element) {
    let waiting = [];
    const look = () => {
      const now = waiting.filter(({ test }) => test());
      waiting = waiting.filter((entry) => !now.includes(entry));
      for (const { resolve } of now) resolve();
    };
    app.on(element, () => waiting.length && look());
    return (test) => new Promise((resolve) => {
      waiting.push({ test, resolve });
      look();
    });
  }

  /** Set every knob; what comes of it: nothing, or the sentence why not. */
  function setAll(values, until) {
    return new Promise((resolve) => {
      state.problem = "";
      app.restore(values, () => {
        const why = state.problem || say("page.link.lost");
        state.problem = ""; // it is said with what the link is about
        resolve(why);
      });
      until(() => !app.waiting()).then(() => resolve(""));
    });
  }

  /** The knob's value for scores that a link names; undefined where they are not here. */
  function scoresHere(mark) {
    if (!mark || mark === state.grid.own) return "";
    return app.scoring.run.choices.some(([, value]) => value === mark) ? mark : undefined;
  }

  /** Whether the link is about what is served here; else one sentence says what was meant, what is here, what to do. */
  function checkModel({ model, knobs }, notes) {
    const meant = knobs?.scores, { spec, listed } = state.models;
    const here = Boolean(meant) && scoresHere(meant) !== undefined;
    if (here) return;
    if (model && spec && model !== spec) {
      const offered = listed.some((entry) => entry.spec === model && !entry.why) && !app.hidden().includes("models");
      const facts = { meant: app.linkKeys.clip(model), here: spec };
      const buttons = offered ? [[say("page.link.choose", { model: facts.meant }), () => app.openModels(model)]] : [];
      notes.add(say(offered ? "page.link.model.listed" : "page.link.model", facts), "problem", buttons, offered ? location.href : "");
    } else if (meant && state.grid.own) {
      notes.add(say("page.link.scores", { meant: app.linkKeys.clip(meant), here: state.grid.own }), "problem");
    }
  }

  /** The settings with what is here: scores that are known, locks of what this model has. */
  function fitting(values, notes) {
    const names = Object.keys(values.overrides);
    const gone = names.filter((name) => !app.layersOf(name).length);
    if (gone.length) notes.add(say("page.link.locks", { count: gone.length, names: quoted(gone) }), "problem");
    const overrides = Object.fromEntries(names.filter((name) => !gone.includes(name)).map((name) => [name, values.overrides[name]]));
    return { ...values, overrides, scores: scoresHere(values.scores) ?? "" };
  }

  const plain = (value) => JSON.stringify(Object.entries(value).sort());

  /** What Python has made otherwise, such as an allocator that these scores lack the facts for. */
  function compare(values, notes) {
    const now = app.snapshot();
    const names = Object.keys(values).filter((name) => typeof values[name] !== "object" && values[name] !== now[name]);
    const asked = values.pattern === "unstructured" ? names : names.filter((name) => name !== "percent");
    for (const name of asked) notes.add(say("page.link.other", { key: app.linkKeys.keyOf(name), value: String(values[name]), shown: String(now[name]) }), "problem");
  }

  /** Every knob: first those of A, which is pinned, then those that are shown. */
  async function settings({ knobs, a }, { until, notes, defaults }) {
    if (!knobs && !a) return;
    await until(() => state.table && !app.waiting());
    const shown = fitting(knobs ?? defaults, notes);
    const before = app.snapshot();
    if (a) {
      if (scoresHere(a.scores) === undefined) notes.add(say("page.link.scores", { meant: app.linkKeys.clip(a.scores), here: state.grid.own }), "problem");
      const pinned = fitting({ ...a, scores: a.scores || shown.scores }, notes);
      const why = await setAll(pinned, until);
      if (why) notes.add(say("page.link.refused_a", { why }), "problem");
      else app.pin();
    }
    if (plain(app.snapshot()) !== plain(shown)) {
      const why = await setAll(shown, until);
      if (why) notes.add(say("page.link.refused", { why }), "problem");
      if (why && a) await setAll(before, until);
      if (!why) compare(shown, notes);
    }
    app.beginHistory();
  }

  /** What the page shows of the settings. */
  function views({ layer, map, show }, notes) {
    const place = state.grid.layers.findIndex((info) => info.name === layer);
    if (layer !== undefined && place < 0) notes.add(say("page.link.layer", { value: app.linkKeys.clip(layer) }), "problem");
    if (place >= 0) app.select(place);
    const why = map === undefined ? "" : app.views[map].why();
    if (why) notes.add(say("page.link.view", { value: map, why }), "problem");
    else if (map !== undefined) app.show(map);
    if (show !== undefined) app.twin(show);
  }

  /** Picture and question in front of the model; asking is left to whoever reads the page. */
  async function asking({ example, seed, question }, { until, notes }) {
    if (app.questionTyped() === undefined) return; // a page of scores alone asks nothing
    const wished = seed !== undefined ? { seed } : example !== undefined ? { example } : null;
    if (wished && JSON.stringify(wished) !== JSON.stringify(state.scene)) {
      const before = state.picture;
      app.choosePicture("seed" in wished ? wished : { index: example - 1 });
      await Promise.race([until(() => state.picture !== before), pause(PATIENCE)]);
    }
    // The picture brings a question of its own, which may be written a moment after it.
    for (let tries = 0; question !== undefined && tries < 5; tries++) {
      app.typeQuestion(question);
      await pause(100);
      if (app.questionTyped() === question) break;
    }
    if ((wished || question !== undefined) && !app.hidden().includes("ask")) notes.add(say("page.link.press"), "ready");
  }

  /** Bring the page to what a link wishes; ends when everything that fits is there. */
  app.restoreLink = async ({ element, wanted, wrong, notes, known }) => {
    for (const words of wrong) notes.add(words, "problem");
    app.hide(wanted.hide, notes);
    await begun;
    const until = waiter(element);
    checkModel(wanted, notes);
    await asking(wanted, { until, notes });
    await settings(wanted, { until, notes, defaults: known.defaults });
    const { layer, map, show, tour } = wanted;
    if ([layer, map, show].some((value) => value !== undefined)) {
      await until(() => state.grid.layers.length);
      views(wanted, notes);
    }
    if (tour !== undefined) app.tour?.go(tour);
  };
})();
