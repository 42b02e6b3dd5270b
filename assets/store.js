// What the page knows in the browser: Python's table, the hand's target, the selected layer. Parts subscribe and redraw.
(() => {
  "use strict";

  const STEPS = 32766; // as in ecoflap/ui/payload.py: sparsity in the upper 15 bits, "at the cap" in the lowest
  const texts = window.ecoflapTexts;
  const listeners = new Set();
  const state = {
    percent: 50, // where the hand is
    moves: 0, // of the hand so far
    row: 50, // the last target that the cap allows: what is shown
    table: null,
    knobs: null, // every knob but the target, as Python last saw them; the table's own where it could make one
    grid: { bands: [], layers: [] },
    ramp: [],
    selected: -1,
    confirmed: null,
    dense: [],
    status: "", // of the model: loading, ready or error; or scores, where the page shows scores alone
    found: "", // what was recognised in the model, in words
    about: null, // what the Ask section knows of the model
    problem: "",
    view: "sparsity", // what the map's colours mean: sparsity, score, difference (to the pinned one) or blame
    pinned: null, // the recipe pinned as A: values of every knob, sparsity by layer, key and percent of its table
    blame: null, // how much of a wrong answer's loss each block wins back when restored: {values: {block: share}, ...}
    answers: null, // what was said to the last question: {state, stale, question, dense, a, b, percent_a, percent_b}
    inspected: null, // what the weights of the selected layer say: {layer, target, key, seen}
    measured: null, // scores as far as they are measured: {scores, stderr} by layer, NaN where there is none yet
    twin: "map", // how the layers are shown: map or table
    playing: false, // the target moves by itself
  };

  const say = (key, facts = {}) =>
    (texts[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => (name in facts ? String(facts[name]) : whole));

  const number = new Intl.NumberFormat(window.ecoflapLanguage.tag);
  /** A share in per cent, with a minus sign that is one. */
  const share = (value, digits = 1) => `${(value * 100).toFixed(digits).replace("-", "−")}%`;

  /** Three digits and a unit per thousandfold. */
  function scaled(value, units) {
    const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(value, 1)) / 3)));
    return `${step ? Number((value / 1000 ** step).toPrecision(3)) : Math.round(value)} ${units[step]}`.trim();
  }

  /** An element with a class and a text; data only ever becomes text. */
  function el(tag, className = "", text = "", children = []) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text) node.textContent = text;
    node.append(...children);
    return node;
  }

  /** What a part gets from Python: its value is read from the text that it travels as, once for each text. */
  function unpacked(props) {
    let text = null, value = null;
    const read = () => {
      if (props.value !== text) {
        text = props.value;
        value = text && JSON.parse(text.slice(text.indexOf(" ") + 1));
      }
      return value;
    };
    return new Proxy(props, { get: (all, key) => (key === "value" ? read() : all[key]) });
  }

  /** A figure's title with a "?" that says what one is looking at: keys of both. */
  function what(title, words) {
    const sign = el("summary", "", "?");
    sign.setAttribute("aria-label", say("page.what", { figure: say(title) }));
    sign.title = say("page.what", { figure: say(title) });
    return el("div", "titled", "", [el("h2", "", say(title)), el("details", "what", "", [sign, el("p", "", say(words))])]);
  }

  /** Give a node other words; the same ones cost nothing. */
  function put(node, text) {
    if (node.textContent !== text) node.textContent = text;
  }

  function decode(base64) {
    const raw = atob(base64);
    const words = new Uint16Array(raw.length / 2);
    for (let i = 0; i < words.length; i++) words[i] = raw.charCodeAt(2 * i) | (raw.charCodeAt(2 * i + 1) << 8);
    return words;
  }

  /** Take over a table from Python; one that could not be made leaves the last one standing. */
  function adopt(payload) {
    if (!payload || window.ecoflap.outdated(payload)) return;
    if (payload.knobs) state.knobs = payload.knobs;
    if (payload.error) {
      state.problem = payload.error;
    } else if (payload.model === state.grid.model) { // a table of other layers comes again, with its layers
      state.table = { ...payload, cells: decode(payload.cells) };
      if (payload.adopt !== undefined && !window.ecoflap.overtaken(payload)) state.percent = payload.adopt;
      aim(state.percent);
      if (state.selected < 0) state.selected = mostSpared();
    }
    window.ecoflap.answered(payload);
    tell();
  }

  /** Take over other layers: what was known of the old ones is gone. The same ones with other scores keep the rest. */
  function regrid(grid) {
    const { layers, of } = state.grid;
    const same = of === grid.of && layers.length === grid.layers.length && grid.layers.every(({ name }, i) => name === layers[i].name);
    const none = same && state.table ? {} : { selected: -1, pinned: null, blame: null, view: "sparsity" };
    if (state.pinned && none.pinned === null) window.ecoflap.tellPinned(null);
    Object.assign(state, { grid, table: null, confirmed: null, measured: null }, none);
  }

  /** What the page opens on: the matrix that the allocation spares most. */
  function mostSpared() {
    const chosen = state.grid.layers.map((_, i) => i).filter((i) => state.table.prunable[i]);
    return chosen.reduce((best, i) => (best < 0 || sparsity(i) < sparsity(best) ? i : best), -1);
  }

  /** Point at a target: the shown row follows if the cap allows it, else one sentence says why it stays. */
  function aim(percent) {
    state.percent = percent;
    if (!state.table) return;
    const reachable = state.table.reachable[percent];
    if (reachable) state.row = percent;
    else if (!state.table.reachable[state.row]) state.row = nearest(state.table.reachable, percent);
    if (reachable) {
      state.problem = "";
      return;
    }
    const facts = { target: `${percent}%`, cap: share(state.table.caps[percent], 0), shown: `${state.row}%` };
    const above = percent / 100 > state.table.caps[percent];
    state.problem = above ? say("page.problem.cap", facts) : say("page.problem.locks", facts);
  }

  /** The reachable target that is nearest: a cap leaves the low ones, locks leave some in the middle. */
  function nearest(reachable, percent) {
    const found = reachable.flatMap((can, target) => (can ? [target] : []));
    return found.reduce((best, target) => (Math.abs(target - percent) < Math.abs(best - percent) ? target : best));
  }

  function move(percent) {
    if (percent === state.percent) return;
    state.moves += 1;
    aim(percent);
    tell();
  }

  function select(layer) {
    state.selected = layer;
    tell();
  }

  function confirm(value) {
    if (!value) return;
    window.ecoflap.settled(value);
    if (!value.error) state.confirmed = value;
    else if (current(value)) state.problem ||= value.error; // the browser may have said it already
    tell();
  }

  /** Whether what went wrong is about what the hand is at now; what came unasked is. */
  const current = ({ ticket, key, percent }) => !ticket || (key === state.table?.key && percent === state.percent);

  /** The authority's figures, if they are about exactly what is shown. */
  function confirmed() {
    const { confirmed: value, table, row } = state;
    return value && table && value.key === table.key && value.percent === row ? value : null;
  }

  const cell = (layer) => state.table.cells[state.row * state.grid.layers.length + layer];
  const sparsity = (layer) => (cell(layer) >> 1) / STEPS;
  const sparsityAt = (layer, row) => (state.table.cells[row * state.grid.layers.length + layer] >> 1) / STEPS;
  const capped = (layer) => (cell(layer) & 1) === 1;

  /** Call `draw` now and after every change, as long as its element is in the page. */
  function on(element, draw) {
    const listener = { element, draw };
    listeners.add(listener);
    draw(state);
  }

  /** As `on`, but once the hand has rested for a moment: for what is too much to draw with every frame. */
  function rest(element, draw, wait = 120) {
    let timer = 0;
    on(element, () => {
      clearTimeout(timer);
      timer = setTimeout(() => element.isConnected && draw(state), wait);
    });
  }

  function tell() {
    for (const listener of listeners) {
      if (listener.element.isConnected) listener.draw(state);
      else listeners.delete(listener);
    }
  }

  /** Relative luminance of a colour in sRGB, 0 to 1 (WCAG 2). */
  function luminance(...colour) {
    const [r, g, b] = colour.map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }

  /** The fixed colour scale 0 to 1 in 256 steps: what to fill a cell with, and whether black is more readable on it than white. */
  function ramp(stops) {
    return Array.from({ length: 256 }, (_, step) => {
      const at = (step / 255) * (stops.length - 1);
      const low = Math.min(Math.floor(at), stops.length - 2);
      const [r, g, b] = [0, 1, 2].map((i) => Math.round(stops[low][i] + (stops[low + 1][i] - stops[low][i]) * (at - low)));
      return { fill: `rgb(${r},${g},${b})`, light: luminance(r, g, b) > 0.179 };
    });
  }

  window.ecoflap = {
    state, say, share, el, put, what, unpacked, adopt, regrid, move, select, confirm, confirmed, sparsity, sparsityAt, capped, on, rest, tell, ramp,
    number: (value) => number.format(value),
    short: (value) => scaled(value, ["", "k", "M", "B"]),
    bytes: (value) => scaled(value, [say("page.unit.bytes"), "kB", "MB", "GB"]),
    /** Several words as one text, in the language's own way. */
    list: (parts) => parts.join(say("page.comma")),
    clauses: (parts) => parts.join(say("page.semicolon")),
    mount: {},
  };
})();
