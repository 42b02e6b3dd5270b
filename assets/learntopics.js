// The rest of Learn: the fine step, what zeros buy, and what the embedded model is; their numbers are on the page already.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { state, say, el, put } = app;
  const { told, signs, numbers, tries, set, prunable } = app.learnParts;

  /** The threshold of the pruner's criterion where there is one, as the panel of the selected matrix has it. */
  function threshold({ threshold: found, scope }) {
    const power = (log) => app.figure(10 ** log, 2);
    if (!found) return say("page.learn.fine.no_line");
    if (scope === "matrix") return power(found.most);
    return say("page.learn.fine.lines", { least: power(found.least), most: power(found.most) });
  }

  function scopeWords({ scope }) {
    const words = { matrix: "page.learn.fine.matrix", row: "page.learn.fine.row", "": "page.learn.fine.nothing" };
    return scope in words ? say(words[scope]) : say("page.learn.fine.pattern", { pattern: scope });
  }

  /** Select the most important prunable matrix of one band of the map. */
  const select = (modality) => () => {
    const some = prunable().filter((layer) => state.grid.bands[state.grid.layers[layer].band].modality === modality);
    const score = (layer) => state.grid.layers[layer].score;
    if (some.length) app.select(some.reduce((best, layer) => (score(layer) > score(best) ? layer : best)));
  };

  function fine() {
    const live = numbers({ words: "page.learn.selected", scope: "page.learn.fine.scope", line: "page.learn.fine.line", zeros: "page.learn.fine.zeros" });
    const note = el("p", "note", say("page.learn.fine.waiting"));
    const parts = [
      ...told("page.learn.fine.why"), app.formulas.criterion(),
      signs({ "W": "page.learn.fine.sign.w", "X": "page.learn.fine.sign.x", "I": "page.learn.fine.sign.i" }),
      ...told("page.learn.fine.within"), live.node, note,
      tries({ "page.learn.fine.vision": select("vision"), "page.learn.fine.language": select("language") }),
    ];
    function draw() {
      const { inspected, selected, table, row } = state;
      const info = state.grid.layers[selected];
      const known = Boolean(inspected) && inspected.layer === info?.name && inspected.key === table.key && inspected.target === row;
      note.hidden = known;
      live.node.hidden = !known;
      if (!known) return;
      const { size, kept } = inspected.seen;
      const zeros = say("page.layer.kept_of", { kept: app.number(size - kept), size: app.number(size) });
      live.put({ words: info.words, scope: scopeWords(inspected.seen), line: threshold(inspected.seen), zeros });
    }
    return { name: "fine", title: "page.learn.fine.title", parts, draw, alone: true };
  }

  function zeros() {
    const live = numbers({ zeros: "page.learn.zeros.zeros", work: "page.learn.zeros.work", dense: "page.learn.zeros.dense", least: "page.learn.zeros.least" });
    const parts = [
      ...told("page.learn.zeros.why"), app.formulas.product(), ...told("page.learn.zeros.buys"), live.node,
      tries({ "page.learn.zeros.pattern": set({ pattern: "2:4" }), "page.learn.zeros.anywhere": set({ pattern: "unstructured" }) }),
    ];
    function draw() {
      const { table, row } = state;
      const sizes = table.storage.map(({ format, bytes }) => [say(`page.strip.format.${format}`, { pattern: table.pattern }), bytes[row]]);
      const [format, bytes] = sizes.reduce((best, size) => (size[1] < best[1] ? size : best), [say("page.strip.dense"), table.dense_bytes]);
      live.put({
        zeros: say("page.layer.kept_of", { kept: app.number(table.total - table.kept[row]), size: app.number(table.total) }),
        work: app.number(table.total), dense: app.bytes(table.dense_bytes), least: say("page.learn.zeros.size", { format, bytes: app.bytes(bytes) }),
      });
    }
    return { name: "zeros", title: "page.learn.zeros.title", parts, draw, alone: true };
  }

  function demo() {
    const live = numbers({ total: "page.learn.demo.total", never: "page.learn.demo.never", layers: "page.learn.demo.layers" });
    const [what, limits] = [el("p"), el("p")];
    const parts = [what, limits, live.node, tries({ "page.learn.demo.tour": () => app.tour.go(1) })];
    function draw() {
      const own = state.about?.demo ?? false;
      put(what, say(state.status === "scores" ? "page.learn.demo.scores" : own ? "page.learn.demo.what" : "page.learn.demo.real"));
      put(limits, own ? say("page.learn.demo.limits") : "");
      const never = state.dense.reduce((sum, [, weights]) => sum + weights, 0);
      live.put({ total: app.number(state.table.total), never: app.number(never), layers: app.number(prunable().length) });
    }
    return { name: "demo", title: "page.learn.demo.title", parts, draw, alone: true };
  }

  app.learnTopics = () => [fine(), zeros(), demo()];
})();
