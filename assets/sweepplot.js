// The chart of a sweep on the page: a button at every point, told when it is looked at, and what a click does.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { draw, name, pruner } = app.sweepChart;
  const { told, legendOf, share } = app.sweepWords;
  const say = (key, facts) => app.say(`page.sweep.${key}`, facts);
  const HIGH = 340; // pixels; its width follows the page
  // The theme's own colours, so that a drawing on the page follows it.
  const INK = { ink: "var(--ink)", muted: "var(--muted)", line: "var(--line)" };

  /** The chart with a button at every point: hover or focus tells it, a click loads its recipe. */
  app.sweepPlot = (load) => {
    const [node, legend, detail] = [app.el("div", "chart"), app.el("div", "legend"), app.el("div", "detail")];
    detail.setAttribute("role", "status");
    let value = null, looked = "", width = 0;

    function look(line, point) {
      looked = `${line.pruner} ${line.allocator} ${point.percent}`;
      detail.replaceChildren(...told(line, point, value), app.el("p", "hint", line.pruner === "wanda" ? say("load.hint") : say("load.other", { pruner: pruner(line.pruner) })));
      for (const spot of node.querySelectorAll("button")) {
        spot.classList.toggle("looked", spot.dataset.spot === looked);
        spot.tabIndex = spot.dataset.spot === looked ? 0 : -1;
      }
    }

    function button({ x, y, line, point }) {
      const spot = app.el("button");
      spot.type = "button";
      spot.dataset.spot = `${line.pruner} ${line.allocator} ${point.percent}`;
      spot.style.left = `${x}px`;
      spot.style.top = `${y}px`;
      spot.tabIndex = -1;
      const facts = { name: name(line, value.lines), percent: `${point.percent}%`, value: value.marked ? share(point.accuracy) : app.figure(point.loss, 3) };
      spot.setAttribute("aria-label", say("spot", facts));
      for (const event of ["mouseenter", "focus"]) spot.addEventListener(event, () => look(line, point));
      spot.addEventListener("click", () => {
        look(line, point);
        load(line, point);
      });
      return spot;
    }

    function show() {
      if (!value?.lines || !width) return;
      const held = node.contains(document.activeElement);
      const size = { width, height: HIGH };
      const drawn = draw(value, value.wish.percents, size, INK);
      const picture = app.svg.make("svg", { width, height: HIGH, "aria-hidden": "true" }, [drawn.node]);
      node.replaceChildren(picture, ...drawn.spots.map(button));
      legend.replaceChildren(...legendOf(value, INK).map(({ node: mark, words }) => {
        const picture = app.svg.make("svg", { width: 24, height: 12, viewBox: "0 -6 24 12", "aria-hidden": "true" }, [mark]);
        return app.el("span", "", "", [picture, app.el("span", "", words)]);
      }));
      const own = [...node.querySelectorAll("button")].find((spot) => spot.dataset.spot === looked);
      const first = own ?? node.querySelector("button");
      if (first) first.tabIndex = 0;
      own?.classList.add("looked");
      if (held) first?.focus({ preventScroll: true });
    }

    /** Arrow keys go along a line, and to the line above or below at the same target. */
    node.addEventListener("keydown", (event) => {
      const from = event.target.closest("button");
      const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [0, 0];
      if (!from || (!dx && !dy)) return;
      event.preventDefault();
      const [line, percent] = [from.dataset.spot.replace(/ \d+$/, ""), from.dataset.spot.split(" ").at(-1)];
      const same = [...node.querySelectorAll("button")].filter((spot) => (dx ? spot.dataset.spot.startsWith(`${line} `) : spot.dataset.spot.endsWith(` ${percent}`)));
      same.sort((a, b) => (dx ? parseFloat(a.style.left) - parseFloat(b.style.left) : parseFloat(a.style.top) - parseFloat(b.style.top)));
      same[same.indexOf(from) + dx + dy]?.focus();
    });
    new ResizeObserver(([entry]) => {
      const wide = Math.floor(entry.contentRect.width);
      if (wide && wide !== width) {
        width = wide;
        show();
      }
    }).observe(node);

    function take(next) {
      if (next?.run !== value?.run) {
        looked = "";
        detail.replaceChildren(app.el("p", "hint", say("hint")));
      }
      value = next;
      show();
    }
    return { nodes: [legend, node, detail], take };
  };
})();
