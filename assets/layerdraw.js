// What the panel of one layer draws: histograms, the mask's picture with the rows beside it, zeros of two recipes.
(() => {
  "use strict";
  const app = window.ecoflap;

  function svg(tag, attributes = {}, children = []) {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }

  const picture = (className, viewBox) => svg("svg", { class: className, viewBox, preserveAspectRatio: "none", role: "img" });
  const swatch = (kind, word) => app.el("span", "key", "", [app.el("i", kind), app.el("span", "", word)]);

  /** The outline of bars from heights `tops` down to `feet`, in a box of 64 x 100. */
  function bars(tops, feet) {
    const step = 64 / tops.length;
    return tops.map((top, i) => (top > feet[i] ? `M${i * step} ${100 - feet[i]}V${100 - top}h${step}V${100 - feet[i]}z` : "")).join("");
  }

  /** Bars of what stays upon what goes, with a title, a legend, the axis' ends, and room for a threshold. */
  function histogram(kind) {
    const chart = picture("bars", "0 0 64 100");
    const [removed, kept] = [svg("path", { class: "removed" }), svg("path", { class: "kept" })];
    const [band, line] = [svg("rect", { class: "band", y: 0, height: 100 }), svg("line", { class: "threshold", y1: 0, y2: 100 })];
    chart.append(removed, kept, band, line);
    const [title, ends, note] = [app.el("h3"), app.el("div", "ends"), app.el("p")];
    const box = app.el("section", `histogram ${kind}`, "", [title, chart, ends, note]);

    /** `labels` are words at the axis' ends and middle; `mark` = positions 0 to 1 of least, middle and most, or null. */
    function draw(value, labels, mark, words) {
      const all = value.kept.map((count, i) => count + value.removed[i]);
      const scale = 96 / Math.max(1, ...all);
      const low = value.removed.map((count) => count * scale);
      removed.setAttribute("d", bars(low, low.map(() => 0)));
      kept.setAttribute("d", bars(all.map((count) => count * scale), low));
      for (const node of [band, line]) node.style.display = mark ? "" : "none";
      if (mark) {
        const [least, middle, most] = mark.map((at) => 64 * Math.min(1, Math.max(0, at)));
        band.setAttribute("x", least);
        band.setAttribute("width", most - least);
        line.setAttribute("x1", middle);
        line.setAttribute("x2", middle);
      }
      title.textContent = words.title;
      note.textContent = words.note;
      chart.setAttribute("aria-label", `${words.title}. ${words.note}`);
      ends.replaceChildren(...labels.map((label) => app.el("span", "", label)));
      const sum = (counts) => counts.reduce((total, count) => total + count, 0);
      Object.assign(box.dataset, { kept: sum(value.kept), removed: sum(value.removed), threshold: mark ? "shown" : "none" });
    }
    return { box, draw };
  }

  function decode(base64) {
    return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  }

  /** Sides of a picture of `rows` x `cols` within a square: true up to two to one. */
  function fitted(rows, cols, side) {
    const ratio = Math.min(2, Math.max(1 / 2, rows / cols));
    return ratio > 1 ? [side / ratio, side] : [side, side * ratio];
  }

  /** The mask, outputs down and inputs across, coloured as the map; beside it how sparse each output is. */
  function mask() {
    const canvas = app.el("canvas", "cells");
    canvas.setAttribute("role", "img");
    const [across, down] = [app.el("span", "across"), app.el("span", "down")];
    const strip = picture("rows", "0 0 100 100");
    const [range, mean] = [svg("path", { class: "range" }), svg("path", { class: "mean" })];
    strip.append(svg("path", { class: "frame", d: "M0 0V100M50 0V100M100 0V100" }), range, mean);
    const ends = app.el("div", "ends", "", [app.el("span", "", "0%"), app.el("span", "", "100%")]);
    const [note, dead] = [app.el("p"), app.el("p")];
    const share = app.el("span", "share", app.say("page.layer.strip"));
    const grid = app.el("div", "mask", "", [across, share, down, canvas, app.el("div", "strip", "", [strip, ends])]);
    const box = app.el("section", "", "", [app.el("h3", "", app.say("page.layer.mask")), grid, note, dead]);

    function paint(cells) {
      const [height, width] = cells.shape;
      const bytes = decode(cells.bytes);
      [canvas.width, canvas.height] = [width, height];
      const pen = canvas.getContext("2d");
      bytes.forEach((density, i) => {
        pen.fillStyle = app.state.ramp[255 - density].fill;
        pen.fillRect(i % width, Math.floor(i / width), 1, 1);
      });
      canvas.dataset.density = (bytes.reduce((sum, density) => sum + density, 0) / bytes.length / 255).toFixed(4);
    }

    function edge([least, middle, most]) {
      const step = 100 / middle.length;
      const walk = (values) => values.map((value, i) => `${100 * value} ${i * step}L${100 * value} ${(i + 1) * step}`);
      range.setAttribute("d", `M${walk(most).join("L")}L${walk(least).reverse().map((pair) => pair.split("L").reverse().join("L")).join("L")}z`);
      mean.setAttribute("d", `M${walk(middle).join("L")}`);
      Object.assign(strip.dataset, { points: middle.length, least: Math.min(...least), most: Math.max(...most) });
    }

    function draw(seen, info) {
      const [width, height] = fitted(info.rows, info.cols, 116);
      for (const node of [canvas, strip]) node.style.height = `${height}px`;
      canvas.style.width = `${width}px`;
      paint(seen.cells);
      edge(seen.rows);
      across.textContent = app.say("page.layer.across", { cols: app.number(info.cols) });
      down.textContent = app.say("page.layer.down", { rows: app.number(info.rows) });
      const [least, most] = [Math.min(...seen.rows[0]), Math.max(...seen.rows[2])].map((value) => app.share(value));
      const key = seen.scope === "row" ? "page.layer.rows_equal" : "page.layer.rows";
      note.textContent = app.say(key, { least, most });
      const facts = { silent: app.number(seen.silent), rows: app.number(info.rows), unread: app.number(seen.unread), cols: app.number(info.cols) };
      dead.textContent = app.say("page.layer.dead", facts);
      Object.assign(dead.dataset, { silent: seen.silent, unread: seen.unread });
      canvas.setAttribute("aria-label", `${app.say("page.layer.mask")}. ${app.say("page.layer.mask_note")}`);
      strip.setAttribute("aria-label", note.textContent);
    }
    box.insertBefore(app.el("p", "", app.say("page.layer.mask_note")), grid.nextSibling);
    return { box, draw };
  }

  /** Where A and the present recipe have their zeros: one bar, its four parts in numbers. */
  function zeros() {
    const parts = { both: "page.layer.zeros.both", only_a: "page.layer.zeros.only_a", only_now: "page.layer.zeros.only_now", neither: "page.layer.zeros.neither" };
    const bar = app.el("div", "stack");
    const list = app.el("dl", "zeros");
    const note = app.el("p");
    const box = app.el("section", "pinned", "", [app.el("h3", "", app.say("page.layer.zeros")), bar, list, note]);
    const rows = Object.entries(parts).map(([name, text]) => {
      const [fill, count, share] = [app.el("i", name), app.el("b"), app.el("span")];
      bar.append(fill);
      list.append(app.el("dt", "", "", [app.el("i", name), app.el("span", "", app.say(text))]), app.el("dd", "", "", [count, share]));
      return { name, fill, count, share };
    });
    function draw(value, size) {
      for (const { name, fill, count, share } of rows) {
        fill.style.flexGrow = value[name] / size;
        count.textContent = app.number(value[name]);
        share.textContent = app.share(value[name] / size);
        box.dataset[name] = value[name];
      }
      const overlap = value.overlap === null ? "page.layer.zeros.none" : "page.layer.zeros.note";
      note.textContent = app.say(overlap, { overlap: app.share(value.overlap ?? 0) });
    }
    return { box, draw };
  }

  app.layerDraw = { svg, swatch, histogram, mask, zeros };
})();
