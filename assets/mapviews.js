// What the map's colours can mean: sparsity, importance, the difference to the pinned A, and what broke an answer.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { state } = app;
  // Viridis, as matplotlib has it: readable with every kind of colour vision, and no sparsity scale by mistake.
  const VIRIDIS = [
    [68, 1, 84], [71, 44, 122], [59, 81, 139], [44, 113, 142], [33, 144, 141], [39, 173, 129], [92, 200, 99], [170, 220, 50], [253, 231, 37],
  ];
  // Equal stays close to the page's own colour in both themes, and "most" stands out from it.
  const BETWEEN = { light: [242, 242, 242], dark: [52, 62, 72] };
  const BLAME = {
    light: [[255, 245, 235], [253, 190, 133], [230, 85, 13], [127, 39, 4]],
    dark: [[44, 38, 34], [127, 60, 12], [230, 110, 20], [255, 220, 170]],
  };
  // Below zero: the answer fares worse with that block whole.
  const HARM = {
    light: [[255, 245, 235], [158, 202, 225], [33, 113, 181], [8, 48, 107]],
    dark: [[44, 38, 34], [16, 62, 112], [54, 132, 196], [200, 226, 250]],
  };
  const MOST = 0.5; // difference at which the colour is full
  const WHISKER = 0.5; // relative standard error that fills a cell
  const ramps = {};

  /** The ramps that depend on the theme. */
  function dress() {
    const theme = document.body.classList.contains("dark") ? "dark" : "light";
    ramps.score ??= app.ramp(VIRIDIS);
    ramps.difference = app.ramp([[8, 81, 156], [107, 174, 214], BETWEEN[theme], [253, 141, 60], [166, 54, 3]]);
    ramps.blame = app.ramp(BLAME[theme]);
    ramps.harm = app.ramp(HARM[theme]);
    ramps.both = [...ramps.harm].reverse().concat(ramps.blame);
  }

  const clamp = (share) => Math.round(Math.max(0, Math.min(1, share)) * 255);
  /** A figure of any size to so many significant digits. */
  function figure(value, digits = 3) {
    if (value === 0) return "0";
    return Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5 ? value.toExponential(digits - 1) : String(Number(value.toPrecision(digits)));
  }
  /** A difference of sparsities in percentage points, with its sign. */
  const points = (value) => {
    const tenths = Math.round(value * 1000);
    return `${tenths < 0 ? "−" : "+"}${(Math.abs(tenths) / 10).toFixed(1)}`;
  };
  const pruned = (layer) => (state.table.prunable[layer] ? app.sparsity(layer) : 0);

  const scoreOf = (layer) => (state.measured ? state.measured.scores[layer] : state.grid.layers[layer].score) ?? NaN;
  const errorOf = (layer) => (state.measured ? state.measured.stderr[layer] : state.grid.layers[layer].stderr) ?? NaN;
  const change = (layer) => pruned(layer) - state.pinned.sparsity[layer];
  const blamed = (layer) => state.blame.values[state.grid.layers[layer].block];
  const outdated = () => state.blame.key !== state.table.key || state.blame.percent !== state.row;

  let low = 0, high = 0, most = 0, least = 0, reach = 0;

  /** The ends of the colours: of all scores above zero, or of all blocks' shares. */
  function measure() {
    [low, high] = [Infinity, 0];
    for (let layer = 0; layer < state.grid.layers.length; layer++) {
      const value = scoreOf(layer);
      if (value > 0) [low, high] = [Math.min(low, value), Math.max(high, value)];
    }
    const shares = Object.values(state.blame?.values ?? {});
    [most, least] = [Math.max(0, ...shares), Math.min(0, ...shares)];
    reach = Math.max(most, -least); // what is won and what is lost are as strong as each other
  }

  const sparsity = {
    why: () => "",
    shade: (layer) => (state.table.prunable[layer] ? state.ramp[clamp(app.sparsity(layer))] : "whole"),
    text: (layer) => `${Math.round(app.sparsity(layer) * 100)}%`,
    fact: (layer) => [app.say("page.layer.sparsity"), app.share(pruned(layer))],
    ramp: () => state.ramp,
    ends: () => [app.say("page.map.dense"), app.say("page.map.zero")],
    marks: { capped: "page.map.capped", locked: "page.map.locked", whole: "page.map.whole" },
    caption: () => app.say("page.map.caption.sparsity"),
  };

  const score = {
    why: () => (state.measured || state.grid.layers.some((layer) => layer.score > 0) ? "" : app.say("page.view.none.score")),
    shade(layer) {
      const value = scoreOf(layer);
      if (Number.isNaN(value)) return "empty";
      if (value === 0) return "zero";
      return ramps.score[high > low ? clamp(Math.log(value / low) / Math.log(high / low)) : 255];
    },
    text(layer, errors) {
      const [value, error] = [scoreOf(layer), errorOf(layer)];
      return figure(value, 2) + (errors === "number" && error >= 0 ? ` ±${Math.round((100 * error) / value)}%` : "");
    },
    /** The relative standard error as a share of the cell's height. */
    whisker: (layer) => Math.min(1, errorOf(layer) / scoreOf(layer) / WHISKER),
    fact(layer) {
      const [value, error] = [scoreOf(layer), errorOf(layer)];
      const words = Number.isNaN(value) ? app.say("page.map.unmeasured") : figure(value) + (error >= 0 ? ` ± ${figure(error, 2)}` : "");
      return [app.say("page.layer.score"), words];
    },
    ramp: () => ramps.score,
    ends: () => (high ? [figure(low), app.say("page.map.log", { score: figure(high) })] : ["", ""]),
    get marks() {
      const errors = { line: { whisker: "page.map.whisker" }, number: { words: "page.map.error" }, none: { words: "page.map.pointed" } };
      return { ...errors[app.draw.errors()], none: "page.map.none", empty: "page.map.unmeasured" };
    },
    caption: () => [app.say("page.map.caption.score"), app.draw.errors() === "line" ? app.say("page.map.caption.line") : ""].join(" ").trim(),
  };

  const difference = {
    why: () => (state.pinned ? "" : app.say("page.view.none.difference")),
    shade(layer) {
      if (!state.table.prunable[layer] && !state.pinned.sparsity[layer]) return "whole";
      return ramps.difference[clamp(0.5 + change(layer) / (2 * MOST))];
    },
    text: (layer) => points(change(layer)),
    fact: (layer) => [
      app.say("page.map.change"), app.say("page.map.change.value", { points: points(change(layer)), before: app.share(state.pinned.sparsity[layer]) }),
    ],
    ramp: () => ramps.difference,
    ends: () => [app.say("page.map.fewer"), app.say("page.map.more")],
    marks: { same: "page.map.same", locked: "page.map.locked", whole: "page.map.whole" },
    caption: () => app.say("page.map.caption.difference", { percent: `${state.pinned.percent}%` }),
  };

  const blame = {
    why: () => (state.blame ? "" : app.say("page.view.none.blame")),
    shade(layer) {
      const value = blamed(layer);
      if (value === undefined) return state.table.prunable[layer] ? "empty" : "whole";
      return (value < 0 ? ramps.harm : ramps.blame)[reach ? clamp(Math.abs(value) / reach) : 0];
    },
    text: (layer) => (blamed(layer) === undefined ? "" : app.share(blamed(layer), 0)),
    fact(layer) {
      const value = blamed(layer);
      return [app.say("page.map.back"), value === undefined ? app.say("page.map.unmeasured") : app.share(value)];
    },
    /** The block that wins most back, or none. */
    worst: () => (most ? Object.keys(state.blame.values).find((block) => state.blame.values[block] === most) : null),
    ramp: () => (least < 0 ? ramps.both : ramps.blame),
    ends: () => [
      least < 0 ? app.say("page.map.harmed", { share: app.share(reach, 0) }) : app.say("page.map.nothing"),
      app.say("page.map.won", { share: app.share(reach, 0) }),
    ],
    marks: { most: "page.map.most", empty: "page.map.unmeasured", whole: "page.map.whole" },
    caption() {
      const facts = { question: state.blame.question ?? "", percent: `${state.blame.percent}%` };
      return app.say(outdated() ? "page.map.caption.blame_old" : "page.map.caption.blame", facts);
    },
  };

  /** The view that is shown: the chosen one where there is something to show, else the sparsity. */
  app.viewed = () => {
    if (!state.table) return "score";
    const name = state.view;
    return app.views[name] && !app.views[name].why() ? name : "sparsity";
  };
  /** What the view says of a layer: the word and the value. */
  app.viewFact = (layer) => app.views[app.viewed()].fact(layer);
  /** How many layers are measured so far. */
  app.measuredCount = () => state.grid.layers.filter((_, layer) => !Number.isNaN(scoreOf(layer))).length;
  app.figure = figure;
  app.points = points;
  app.views = { sparsity, score, difference, blame };
  app.looks = { dress, measure };
})();
