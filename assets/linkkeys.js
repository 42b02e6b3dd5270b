// What a link says: keys and values that people can read. Here they are written and read; page and Python stay untouched.
(() => {
  "use strict";
  const app = window.ecoflap;
  const MOST = { name: 500, locks: 5000, entries: 10000, shown: 60, seed: 2 ** 48 - 1, tour: 8 };
  const VIEWS = ["sparsity", "score", "difference"];
  const TWINS = ["map", "table"];
  // The knob that a key of the link sets, and what it may be; a key after "a." is about the pinned setting.
  const KNOBS = {
    target: ["percent", "number"], cap_mode: ["cap_mode", "choice"], margin: ["margin", "number"], cap: ["cap", "number"],
    granularity: ["granularity", "choice"], allocator: ["allocator", "choice"], bridge: ["bridge", "choice"],
    pattern: ["pattern", "choice"], scores: ["scores", "name"],
  };
  const isKnob = (key) => Object.hasOwn(KNOBS, key); // a link may name anything, such as "constructor"
  const OTHERS = ["model", "lock", "layer", "map", "show", "example", "seed", "question", "tour", "hide"];
  const BRIDGE = ["yes", "no"];

  const clip = (text) => (text.length > MOST.shown ? `${text.slice(0, MOST.shown)} …` : text);
  const own = (key) => isKnob(key) || OTHERS.includes(key) || (key.startsWith("a.") && (isKnob(key.slice(2)) || key === "a.lock"));

  const written = (name, value) => (name === "bridge" ? BRIDGE[value ? 0 : 1] : String(value));
  const byCap = (given) => (given.includes("cap") && !given.includes("margin") ? "fixed" : "margin");

  /** A setting as [key, value] pairs, without what is as at the start; `scores` are the link's own affair. */
  function writeKnobs(values, defaults) {
    const given = Object.keys(KNOBS).filter((key) => key !== "scores" && key !== "cap_mode")
      .filter((key) => values[KNOBS[key][0]] !== defaults[KNOBS[key][0]] || (key === "cap" && values.cap_mode === "fixed"));
    if (byCap(given) !== values.cap_mode) given.push("cap_mode");
    const locks = Object.entries(values.overrides).map(([name, value]) => ["lock", `${name}:${value}`]);
    return [...given.map((key) => [key, written(KNOBS[key][0], values[KNOBS[key][0]])]), ...locks];
  }

  /** Pairs as a query: everything that a query may hold unescaped stays readable. */
  const encode = (text) => encodeURIComponent(text).replace(/%(3A|2C|2F)/g, decodeURIComponent).replace(/%20/g, "+");
  const query = (entries) => entries.map(([key, value]) => `${encode(key)}=${encode(value)}`).join("&");

  /** What is wrong with a value, in one sentence. */
  function complaint(key, text, rule, known) {
    const facts = { key, value: clip(text), used: app.say("page.link.wrong.nothing") };
    const name = (KNOBS[key.replace(/^a\./, "")] ?? [])[0];
    if (name) facts.used = written(name, known.defaults[name]);
    if (rule.most !== undefined) return app.say("page.link.wrong.number", { ...facts, least: rule.least, most: rule.most });
    if (rule.choices) return app.say("page.link.wrong.choice", { ...facts, choices: rule.choices.join(", ") });
    return app.say("page.link.wrong.long", { key, most: rule.long });
  }

  /** What a key's value has to be: a whole number {least, most}, one of `choices`, or a text of at most `long` letters. */
  function ruleOf(key, known) {
    const [name, kind] = KNOBS[key] ?? [];
    if (kind === "number") return { least: 0, most: known.most[name] };
    if (kind === "choice") return { choices: name === "bridge" ? BRIDGE : known.choices[name] };
    const others = {
      map: { choices: VIEWS }, show: { choices: TWINS }, example: { least: 1, most: known.examples },
      seed: { least: 0, most: MOST.seed }, tour: { least: 1, most: MOST.tour }, question: { long: known.question },
    };
    return others[key] ?? { long: MOST.name };
  }

  /** The value under a rule; undefined where it breaks it. */
  function valueOf(text, rule) {
    if (rule.choices) return rule.choices.includes(text) ? text : undefined;
    if (rule.most === undefined) return text.length <= rule.long ? text : undefined;
    const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
    return value >= rule.least && value <= rule.most ? value : undefined;
  }

  /** NAME:SHARE; a name may hold colons itself. */
  function lockOf(text) {
    const cut = text.lastIndexOf(":"), share = text.slice(cut + 1);
    const fits = cut > 0 && cut <= MOST.name && /^[01](\.\d{1,20})?(e-\d{1,2})?$/.test(share) && Number(share) <= 1;
    return fits ? [text.slice(0, cut), Number(share)] : null;
  }

  /** Take over one key of a setting, the link's own or that after "a."; what is wrong goes to `wrong`. */
  function readKnob(values, key, text, { whole, known, wrong }) {
    if (key === "lock") {
      const lock = lockOf(text);
      if (!lock) wrong.push(app.say("page.link.wrong.lock", { key: whole, value: clip(text) }));
      else if (Object.keys(values.overrides).length < MOST.locks) values.overrides[lock[0]] = lock[1];
      return;
    }
    const rule = ruleOf(key, known), value = valueOf(text, rule);
    if (value === undefined) wrong.push(complaint(whole, text, rule, known));
    else values[KNOBS[key][0]] = key === "bridge" ? value === BRIDGE[0] : value;
  }

  /** Whole settings from what was given of them. */
  function finished(values, defaults) {
    const mode = values.cap_mode ?? byCap(Object.keys(values));
    return { ...defaults, ...values, cap_mode: mode };
  }

  /**
   * What a link wishes for: {knobs, a, model, scores, layer, map, show, example, seed, question, tour, hide}, each
   * absent where the link does not say it, and what is wrong in it, a sentence each. Unknown keys are nobody's.
   */
  function read(entries, known) {
    const wanted = { hide: [] }, wrong = [], sides = { knobs: null, a: null };
    for (const [whole, text] of [...entries].slice(0, MOST.entries).filter(([key]) => own(key))) {
      const [side, key] = whole.startsWith("a.") ? ["a", whole.slice(2)] : ["knobs", whole];
      if (isKnob(key) || key === "lock") {
        sides[side] ??= { overrides: {} };
        readKnob(sides[side], key, text, { whole, known, wrong });
      } else if (key === "hide") {
        wanted.hide.push(...text.slice(0, MOST.name).split(",").filter(Boolean));
      } else {
        const rule = ruleOf(key, known), value = valueOf(text, rule);
        if (value === undefined) wrong.push(complaint(key, text, rule, known));
        else wanted[key] = value;
      }
    }
    for (const [side, values] of Object.entries(sides)) if (values) wanted[side] = finished(values, known.defaults);
    return { wanted, wrong };
  }

  const keyOf = (name) => Object.keys(KNOBS).find((key) => KNOBS[key][0] === name);

  app.linkKeys = { own, keyOf, writeKnobs, query, read, clip };
})();
