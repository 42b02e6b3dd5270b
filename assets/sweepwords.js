// What a sweep says in words and tables: one point in full, all of them, what they come to, what the lines are.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { sign, denseSign, name } = app.sweepChart;
  const say = (key, facts) => app.say(`page.sweep.${key}`, facts);

  const share = (value) => app.share(value, 1);
  const points = (value) => `${value > 0 ? "+" : ""}${(value * 100).toFixed(1)}`.replace("-", "−");

  /** A kind of question in words, as far as there are any. */
  const kindWords = (kind) => (say(`kind.${kind}`) === `page.sweep.kind.${kind}` ? kind : say(`kind.${kind}`));

  /** What was measured on, in words. */
  const about = ({ wish }) => say(wish.data ? "about.data" : "about", { questions: wish.questions, seed: wish.eval_seed, seeds: wish.seeds, data: wish.data });

  /** What the lines are: the methods', and the dense model's. */
  function legendOf({ lines, dense, marked }, ink) {
    const found = lines.map((line) => ({ node: sign(line, lines), wide: 24, words: name(line, lines) }));
    const level = dense && app.say("page.pair", { what: say("dense"), value: marked ? share(dense.accuracy) : app.figure(dense.loss, 3) });
    return dense ? [...found, { node: denseSign(ink), wide: 24, words: level }] : found;
  }

  /** One point in full. */
  function told(line, point, { lines, marked }) {
    const facts = { name: name(line, lines), percent: `${point.percent}%`, loss: app.figure(point.loss, 3), achieved: app.share(point.achieved, 2) };
    const heading = app.el("h4", "", say("point", facts));
    if (!marked) return [heading, app.el("p", "", say("point.loss", facts))];
    const ends = { right: share(point.accuracy), low: share(point.low), high: share(point.high), agreement: share(point.agreement), seeds: point.seeds };
    const kinds = Object.entries(point.kinds);
    const parts = [heading, app.el("p", "", say(point.seeds > 1 ? "point.seeds" : "point.right", { ...facts, ...ends }))];
    if (kinds.length > 1) parts.push(app.el("p", "kinds", app.list(kinds.map(([kind, value]) => app.say("page.pair", { what: kindWords(kind), value: app.share(value, 0) })))));
    return parts;
  }

  /** Every point as a line of a table, for those who cannot or need not see the chart. */
  function table(value) {
    const { lines, marked, dense } = value;
    const head = ["method", "target", ...(marked ? ["right", "interval", "agreement"] : []), "loss"].map((key) => {
      const cell = app.el("th", "", say(`column.${key}`));
      cell.scope = "col";
      return cell;
    });
    const cells = (title, point) => [
      title, `${point.percent}%`,
      ...(marked ? [share(point.accuracy), app.say("page.sweep.ends", { low: share(point.low), high: share(point.high) }), share(point.agreement)] : []),
      app.figure(point.loss, 3),
    ];
    const rows = [cells(say("dense"), dense), ...lines.flatMap((line) => line.points.map((point) => cells(name(line, lines), point)))];
    const body = app.el("tbody", "", "", rows.map((row) => app.el("tr", "", "", row.map((words) => app.el("td", "", words)))));
    return app.el("table", "", "", [app.el("thead", "", "", [app.el("tr", "", "", head)]), body]);
  }

  /** A table that scrolls on a narrow page, so the keyboard has to reach it. */
  function scrolled(title, table) {
    const node = app.el("div", "lines", "", [table]);
    node.tabIndex = 0;
    node.setAttribute("role", "group");
    node.setAttribute("aria-label", title);
    return node;
  }

  /** What it comes to, method by method, the best first. */
  function summary({ summary: found, lines }) {
    if (!found?.length) return [];
    const keys = ["method", "mean", "less", "fall5", "fall10", "fall50"];
    const head = keys.map((key) => {
      const cell = app.el("th", "", say(`column.${key}`));
      cell.scope = "col";
      return cell;
    });
    const fall = (sparsity) => (sparsity === null ? say("beyond") : share(sparsity));
    const less = (one) => (one ? say(one.sure ? "less" : "less.none", { mean: points(one.mean), low: points(one.low), high: points(one.high) }) : "–");
    const rows = [...found].sort((a, b) => b.mean - a.mean).map((one) => {
      const title = app.el("th", "", name(one, lines));
      title.scope = "row";
      return app.el("tr", "", "", [title, ...[share(one.mean), less(one.less), ...one.falls.map(fall)].map((words) => app.el("td", "", words))]);
    });
    return [
      app.el("h3", "", say("summary")),
      scrolled(say("summary"), app.el("table", "", "", [app.el("thead", "", "", [app.el("tr", "", "", head)]), app.el("tbody", "", "", rows)])),
      app.el("p", "", say("summary.note")),
    ];
  }

  app.sweepWords = { about, told, table, summary, legendOf, scrolled, share };
})();
