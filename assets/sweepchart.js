// The chart of a sweep as SVG: what stays right against the target, a line for every method, an interval at every point.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { make, text } = app.svg;
  const [LEFT, RIGHT, TOP, BOTTOM] = [50, 14, 10, 42];
  // Okabe and Ito's colours without the yellow, which is lost on white; then the same with another sign.
  const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];
  const SHAPES = [
    (x, y, r) => make("circle", { cx: x, cy: y, r }),
    (x, y, r) => make("path", { d: `M${x} ${y - r - 1}l${r + 1} ${r + 1}l${-r - 1} ${r + 1}l${-r - 1} ${-r - 1}z` }),
    (x, y, r) => make("rect", { x: x - r, y: y - r, width: 2 * r, height: 2 * r }),
    (x, y, r) => make("path", { d: `M${x} ${y - r - 1}l${r + 1} ${2 * r + 1}h${-2 * r - 2}z` }),
  ];
  const DASHES = { wanda: "", magnitude: "2 3", ria: "7 3", sparsegpt: "9 3 2 3" };
  const STEP = 4; // pixels between methods at the same target, so that their intervals do not hide each other

  const pruner = (name) => (app.say(`page.sweep.pruner.${name}`));
  /** What a line is called; its pruner only where there are several. */
  const name = (line, lines) => {
    const alone = new Set(lines.map((one) => one.pruner)).size < 2;
    const allocator = app.say(`page.allocator.${line.allocator}`);
    return alone ? allocator : app.say("page.sweep.method", { allocator, pruner: pruner(line.pruner) });
  };

  /** Colour, sign and dash of a line: the allocator has one colour whatever the pruner. */
  function look(line, lines) {
    const place = [...new Set(lines.map((one) => one.allocator))].indexOf(line.allocator);
    return { colour: COLOURS[place % COLOURS.length], shape: SHAPES[Math.floor(place / COLOURS.length) % SHAPES.length], dash: DASHES[line.pruner] };
  }

  const sign = (line, lines) => {
    const { colour, shape, dash } = look(line, lines);
    const mark = shape(12, 0, 4);
    mark.setAttribute("fill", colour);
    return make("g", {}, [make("path", { d: "M0 0h24", stroke: colour, "stroke-width": 2, "stroke-dasharray": dash }), mark]);
  };

  /** What stands on the vertical axis: right answers where they are marked, else the loss, which is better low. */
  const value = (point, marked) => (marked ? point.accuracy : point.loss);

  /** Where values stand, with the axes drawn. */
  function frame(size, targets, most, marked, ink) {
    const [wide, high] = [size.width - LEFT - RIGHT, size.height - TOP - BOTTOM];
    const [low, top] = [Math.min(...targets), Math.max(...targets)];
    const room = Math.max((top - low) * 0.06, 2);
    const across = (percent) => LEFT + (wide * (percent - low + room)) / (top - low + 2 * room);
    const up = (share) => TOP + high * (1 - share / most);
    const node = make("g");
    for (let i = 0; i <= 5; i++) {
      const at = (most * i) / 5;
      const words = marked ? `${Math.round(at * 100)}%` : Number(at.toPrecision(2));
      node.append(
        make("line", { x1: LEFT, x2: LEFT + wide, y1: up(at), y2: up(at), stroke: ink.line }),
        text(LEFT - 6, up(at) + 4, words, { "font-size": 11, "text-anchor": "end", fill: ink.muted }),
      );
    }
    let last = -Infinity;
    for (const percent of targets) {
      const x = across(percent);
      if (x - last < 34) continue;
      last = x;
      node.append(text(x, TOP + high + 16, `${percent}%`, { "font-size": 11, "text-anchor": "middle", fill: ink.muted }));
    }
    const middle = TOP + high / 2, title = app.say(marked ? "page.sweep.axis.right" : "page.sweep.axis.loss");
    node.append(
      text(LEFT + wide / 2, size.height - 6, app.say("page.sweep.axis.target"), { "text-anchor": "middle", fill: ink.muted }),
      text(11, middle, title, { "text-anchor": "middle", fill: ink.muted, transform: `rotate(-90 11 ${middle})` }),
    );
    return { node, across, up };
  }

  /** The dense model's level across the plot. */
  const level = (x1, x2, y, ink) => make("line", { x1, x2, y1: y, y2: y, stroke: ink.ink, "stroke-width": 1.5, "stroke-dasharray": "6 3" });
  const denseSign = (ink) => level(0, 24, 0, ink);

  /**
   * The whole plot: its node, and the `spots` {x, y, line, point} where points stand.
   * `percents` are all targets of the sweep, so that nothing moves while points come.
   */
  function draw({ lines, dense, marked }, percents, size, ink) {
    const found = lines.flatMap((line) => line.points.map((point) => value(point, marked)));
    const most = marked ? 1 : Math.max(0.1, ...found, dense ? dense.loss : 0) * 1.05;
    const plot = frame(size, percents, most, marked, ink);
    const spots = [];
    if (dense) plot.node.append(level(LEFT, size.width - RIGHT, plot.up(value(dense, marked)), ink));
    lines.forEach((line, i) => {
      const { colour, shape, dash } = look(line, lines);
      const places = line.points.map((point) => ({ x: plot.across(point.percent) + STEP * (i - (lines.length - 1) / 2), y: plot.up(value(point, marked)), line, point }));
      const path = places.map(({ x, y }, at) => `${at ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
      const group = make("g", { "data-line": i });
      group.append(make("path", { d: path, fill: "none", stroke: colour, "stroke-width": 2, "stroke-dasharray": dash }));
      for (const { x, y, point } of places) {
        if (marked && point.low !== null) group.append(make("path", { d: `M${x} ${plot.up(point.low)}V${plot.up(point.high)}`, stroke: colour, "stroke-width": 1.5 }));
        const mark = shape(x, y, 4);
        mark.setAttribute("fill", colour);
        group.append(mark);
      }
      plot.node.append(group);
      spots.push(...places);
    });
    return { node: plot.node, spots };
  }

  app.sweepChart = { draw, sign, denseSign, name, pruner };
})();
