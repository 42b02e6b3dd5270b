// The strips of a ladder: per allocator a cell for every rung, ticks where it was narrowed down, and the loss beneath.
(() => {
  "use strict";
  const app = window.ecoflap;
  const SIGNS = { right: "✓", wrong: "✗", none: "–", open: "" };
  // Ten columns of ten per cents, each around its rung: from -5% to 95%.
  const place = (percent) => `${percent + 5}%`;

  const stateOf = (rung) => (!rung ? "open" : rung.answer === null ? "none" : rung.same ? "right" : "wrong");
  const titleOf = (name) => app.say(`page.rail.allocator.${name}`);
  const spoken = (rung) => (rung.answer === null ? rung.problem : rung.answer || app.say("page.ask.silent"));

  /** What was said, in quotes; no words at all are not a quotation. */
  const quoted = (answer, cut = false) => (answer ? `“${answer}${cut ? " …" : ""}”` : app.say("page.ask.silent"));

  /** Whether the first change is known to 1%. */
  const isSharp = (strip) => strip.right_to != null && strip.wrong_from - strip.right_to === 1;

  /** The cell in which the answer changes is blue up to there. */
  function split(cells, at) {
    const [cell, share] = [cells[Math.floor((at + 5) / 10)], 10 * ((at + 5) % 10)];
    if (cell) cell.style.background = `linear-gradient(90deg, var(--right) ${share}%, var(--wrong) ${share}%)`;
  }

  /** What a strip says, in one sentence, as far as it is known. */
  function verdict(strip, percents) {
    const whole = strip.rungs.length >= percents.length;
    const facts = { right: `${strip.right_to}%`, wrong: `${strip.wrong_from}%` };
    const back = strip.back?.length ? ` ${app.say("page.ladder.back", { list: app.list(strip.back.map((p) => `${p}%`)) })}` : "";
    if (!strip.rungs.some((rung) => rung.answer !== null)) return whole ? app.say("page.ladder.never") : "";
    if (strip.wrong_from === null) return app.say(whole ? "page.ladder.always" : "page.ladder.so_far", facts);
    if (strip.right_to === null) return app.say("page.ladder.first", facts) + back;
    return app.say(isSharp(strip) ? "page.ladder.break" : "page.ladder.between", facts) + (whole ? back : "");
  }

  /** A rung as a button; `choose` is told it when it is looked at, with whether it was clicked. */
  function rungButton(strip, rung, percent, choose) {
    const kind = stateOf(rung);
    const button = app.el("button", `rung ${kind}`, SIGNS[kind]);
    Object.assign(button.dataset, { percent, state: kind, allocator: strip.allocator });
    button.tabIndex = -1;
    const facts = { allocator: titleOf(strip.allocator), percent: `${percent}%`, answer: rung ? spoken(rung) : "" };
    const keys = { right: "page.ladder.rung.right", wrong: "page.ladder.rung.wrong", none: "page.ladder.rung.none", open: "page.ladder.rung.open" };
    button.setAttribute("aria-label", app.say(keys[kind], facts));
    if (!rung) button.disabled = true;
    else for (const event of ["mouseenter", "focus", "click"]) button.addEventListener(event, () => choose(strip, rung));
    return button;
  }

  function svg(tag, attributes) {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  }

  /** The loss of the dense answer along a strip by its square root, `most` at the top; every measured rung a dot. */
  function lossLine(strip, most) {
    const points = strip.rungs.filter((rung) => Number.isFinite(rung.loss));
    const height = (rung) => 100 - 100 * Math.sqrt(rung.loss / most);
    const picture = svg("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none", "aria-hidden": "true" });
    picture.append(svg("polyline", { points: points.map((rung) => `${rung.percent + 5},${height(rung)}`).join(" ") }));
    const dots = points.map((rung) => {
      const dot = app.el("i", stateOf(rung));
      dot.style.left = place(rung.percent);
      dot.style.top = `${height(rung)}%`;
      return dot;
    });
    return app.el("div", "loss", "", [picture, ...dots]);
  }

  /** One allocator's row. */
  function row(strip, value, most, choose) {
    const by = new Map(strip.rungs.map((rung) => [rung.percent, rung]));
    const cells = value.percents.map((percent) => rungButton(strip, by.get(percent), percent, choose));
    const ticks = strip.rungs.filter((rung) => !value.percents.includes(rung.percent)).map((rung) => {
      const tick = rungButton(strip, rung, rung.percent, choose);
      tick.style.left = place(rung.percent);
      return tick;
    });
    if (isSharp(strip)) split(cells, strip.right_to + 0.5);
    const words = app.el("span", "verdict", verdict(strip, value.percents));
    const lanes = [app.el("div", "cells", "", cells), app.el("div", "ticks", "", ticks), lossLine(strip, most)];
    const track = app.el("div", "track", "", lanes);
    if (isSharp(strip)) {
      const mark = app.el("div", "break");
      mark.style.left = place(strip.right_to + 0.5);
      track.append(mark);
    }
    const found = app.el("section", "strip", "", [app.el("h4", "", "", [app.el("b", "", titleOf(strip.allocator)), words]), track]);
    Object.assign(found.dataset, { allocator: strip.allocator, right: strip.right_to ?? "", wrong: strip.wrong_from ?? "" });
    return found;
  }

  /** The axis below all rows. */
  const axis = (percents) => app.el("div", "axis", "", percents.map((percent) => app.el("span", "", `${percent}%`)));

  /** Arrow keys go from rung to rung, and from strip to strip. */
  function walk(event, plot) {
    const from = event.target.closest(".rung");
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [0, 0];
    if (!from || (!dx && !dy)) return;
    event.preventDefault();
    const rows = [...plot.querySelectorAll(".strip")];
    const line = rows[rows.indexOf(from.closest(".strip")) + dy];
    if (!line) return;
    const percent = Number(from.dataset.percent);
    const rungs = [...line.querySelectorAll(".rung:enabled")].sort((a, b) => a.dataset.percent - b.dataset.percent);
    const near = (rung) => Math.abs(rung.dataset.percent - percent);
    const next = dx ? rungs[rungs.indexOf(from) + dx] : rungs.reduce((best, rung) => (best && near(best) <= near(rung) ? best : rung), null);
    next?.focus();
  }

  app.strips = { place, row, axis, walk, titleOf, quoted, stateOf, verdict };
})();
