// Three small charts as SVG, drawn from the table alone: budget skyline, importance against sparsity, curves over all targets.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { make, text } = app.svg;
  const LEFT = 54, BOTTOM = 42, TOP = 8, RIGHT = 22;
  const CAP = "#d55e00";
  const percent = (share) => `${Math.round(share * 100)}%`;

  /** Axes around a plot: where values stand, and the group to draw into. The y axis is a sparsity, 0 to 1. */
  function frame(size, x, y, ink) {
    const [wide, high] = [size.width - LEFT - RIGHT, size.height - TOP - BOTTOM];
    const across = (value) => LEFT + wide * ((value - x.low) / (x.high - x.low || 1));
    const up = (value) => TOP + high * (1 - value);
    const node = make("g");
    for (const share of [0, 0.2, 0.4, 0.6, 0.8, 1]) {
      node.append(
        make("line", { x1: LEFT, x2: LEFT + wide, y1: up(share), y2: up(share), stroke: ink.line }),
        text(LEFT - 6, up(share) + 4, percent(share), { "font-size": 11, "text-anchor": "end", fill: ink.muted }),
      );
    }
    for (const [value, words] of x.ticks) {
      node.append(text(across(value), TOP + high + 16, words, { "font-size": 11, "text-anchor": "middle", fill: ink.muted }));
    }
    const middle = TOP + high / 2;
    node.append(
      text(LEFT + wide / 2, size.height - 6, x.title, { "text-anchor": "middle", fill: ink.muted }),
      text(11, middle, y, { "text-anchor": "middle", fill: ink.muted, transform: `rotate(-90 11 ${middle})` }),
    );
    return { node, across, up };
  }

  /** A dashed line over the whole width at a sparsity: the cap. */
  const level = (plot, size, share) => make("line", {
    x1: LEFT, x2: size.width - RIGHT, y1: plot.up(share), y2: plot.up(share), stroke: CAP, "stroke-width": 1.5, "stroke-dasharray": "5 3",
  });

  const titled = (node, words) => {
    node.prepend(make("title", {}, [words]));
    return node;
  };
  const named = (group) => `${group.words}: ${app.share(group.sparsity)}`;

  /** Columns as wide as a group's weights and as high as its sparsity. Groups are {words, colour, size, sparsity, score}. */
  function skyline(groups, cap, size, ink, words) {
    const total = groups.reduce((sum, group) => sum + group.size, 0);
    const ticks = [0, 0.5, 1].map((share) => [share * total, app.short(share * total)]);
    const plot = frame(size, { low: 0, high: total, ticks, title: words.weights }, words.sparsity, ink);
    let left = 0;
    for (const group of groups) {
      const x = plot.across(left), y = plot.up(group.sparsity);
      left += group.size;
      const column = make("rect", { x, y, width: Math.max(0.3, plot.across(left) - x), height: plot.up(0) - y, fill: group.colour, "fill-opacity": 0.55, stroke: group.colour, "stroke-width": 0.7 });
      plot.node.append(titled(column, named(group)));
    }
    if (cap < 1) plot.node.append(level(plot, size, cap));
    return plot.node;
  }

  /** A number at a tick: plain where that is short. */
  const plain = (value) => (value >= 1e-3 && value < 1e4 ? String(Number(value.toPrecision(2))) : value.toExponential(0).replace("e+", "e"));

  /** Powers of ten within the scores; where there are none, the ends. */
  function decades(low, high) {
    const found = [];
    for (let power = Math.ceil(low); power <= high; power++) found.push(power);
    const chosen = found.length >= 2 ? found : [low, high];
    const step = Math.ceil(chosen.length / 5);
    return chosen.filter((_, i) => i % step === 0).map((power) => [power, plain(10 ** power)]);
  }

  /** A point for each group: right is more important, low is more spared; what has no score stands at the left end. */
  function importance(groups, cap, size, ink, words) {
    const known = groups.filter((group) => group.score > 0).map((group) => Math.log10(group.score));
    const [least, most] = known.length ? [Math.min(...known), Math.max(...known)] : [-1, 1];
    const room = 0.06 * Math.max(most - least, 0.2);
    const ends = { low: least - 2 * room, high: most + room };
    const plot = frame(size, { ...ends, ticks: decades(ends.low, ends.high), title: words.score }, words.sparsity, ink);
    for (const group of groups) {
      const [x, y] = [plot.across(group.score > 0 ? Math.log10(group.score) : ends.low + room / 2), plot.up(group.sparsity)];
      const shapes = {
        vision: () => make("circle", { cx: x, cy: y, r: 4 }),
        bridge: () => make("path", { d: `M${x} ${y - 5}l5 5l-5 5l-5 -5z` }),
        language: () => make("rect", { x: x - 3.6, y: y - 3.6, width: 7.2, height: 7.2 }),
      };
      const point = shapes[group.modality]();
      point.setAttribute("fill", group.colour);
      point.setAttribute("fill-opacity", 0.8);
      plot.node.append(titled(point, named(group)));
    }
    if (cap < 1) plot.node.append(level(plot, size, cap));
    return plot.node;
  }

  /** A line through values by target; where there is none it has a gap. */
  function path(plot, values) {
    let pen = "M";
    return values.map((value, target) => {
      if (value === null) {
        pen = "M";
        return "";
      }
      const point = `${pen}${plot.across(target / 100).toFixed(1)} ${plot.up(value).toFixed(1)}`;
      pen = "L";
      return point;
    }).join("");
  }

  /** Mean sparsity over all targets, `lines` = {words, colour, values by target, null where out of reach}; the cap; the target. */
  function curves(lines, caps, target, size, ink, words) {
    const ticks = [0, 0.2, 0.4, 0.6, 0.8].map((share) => [share, percent(share)]);
    const plot = frame(size, { low: 0, high: 0.95, ticks, title: words.target }, words.sparsity, ink);
    plot.node.append(make("path", { d: path(plot, caps), fill: "none", stroke: CAP, "stroke-width": 1.5, "stroke-dasharray": "5 3" }));
    for (const line of lines) {
      plot.node.append(titled(make("path", { d: path(plot, line.values), fill: "none", stroke: line.colour, "stroke-width": 3 }), line.words));
    }
    const x = plot.across(target / 100);
    plot.node.append(make("line", { x1: x, x2: x, y1: plot.up(1), y2: plot.up(0), stroke: ink.ink, "stroke-width": 2, "stroke-dasharray": "2 3" }));
    return plot.node;
  }

  app.svgCharts = { skyline, importance, curves };
})();
