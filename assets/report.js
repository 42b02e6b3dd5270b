// What was asked in this session: kept in the browser alone, bounded, and saved as a page, JSON or CSV.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { say } = app;
  const MOST = 100; // questions that are kept; the oldest go first
  const SIDE = 1024; // pixels of a kept picture's side at most
  const SIDES = ["dense", "pruned", "pinned"];
  const asks = [], pictures = new Map();

  const textOf = (side) => side.words.map(([run]) => run).join(" ");

  /** The picture in front of the model, small: as PNG or JPEG, whichever is shorter. */
  function small(image) {
    const scale = Math.min(1, SIDE / Math.max(image.naturalWidth, image.naturalHeight, 1));
    const canvas = app.el("canvas");
    [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight].map((side) => Math.max(1, Math.round(side * scale)));
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    const kinds = [canvas.toDataURL("image/png"), canvas.toDataURL("image/jpeg", 0.9)];
    return kinds.reduce((one, other) => (other.length < one.length ? other : one));
  }

  function keepPicture(mark) {
    const image = document.querySelector("#picker img.shown");
    if (!mark || pictures.has(mark) || app.state.picture !== mark || !image?.naturalWidth) return;
    pictures.set(mark, { data: small(image), words: image.alt });
  }

  /** One column: what was said under which recipe, where it parts from the dense answer, and how surprising that was. */
  const column = (name, side) => ({
    side: name, answer: textOf(side), words: side.words, percent: side.percent ?? null, achieved: side.achieved ?? null, recipe: side.recipe ?? "",
    surprise: side.surprise, seconds: side.seconds, tokens: side.tokens.map(([token, probability]) => [token, probability]),
    parting: side.parting ?? null, parts: side.parting ? app.parting(name, side) : "",
  });

  /** A question was answered to its end. */
  app.heard = (value) => {
    keepPicture(value.about);
    asks.push({
      time: new Date().toISOString(), model: app.state.name ?? "", picture: value.about ?? "", question: value.question, settings: value.settings,
      knobs: value.knobs ?? null, same: value.same, sides: SIDES.filter((name) => value[name]).map((name) => column(name, value[name])),
    });
    while (asks.length > MOST) asks.shift();
    for (const mark of [...pictures.keys()]) if (!asks.some((ask) => ask.picture === mark)) pictures.delete(mark);
    app.reported?.();
  };

  /** How much is kept: questions, pictures, and bytes of all. */
  const size = () => {
    const bytes = JSON.stringify(asks).length + [...pictures.values()].reduce((sum, { data }) => sum + data.length, 0);
    return { count: asks.length, most: MOST, pictures: pictures.size, bytes };
  };

  function clear() {
    asks.length = 0;
    pictures.clear();
    app.reported?.();
  }

  const json = () => `${JSON.stringify({ format: "ecoflap-report/1", asks, pictures: Object.fromEntries(pictures) }, null, 1)}\n`;

  /** One line for every answer. */
  const csv = () => app.csv(asks.flatMap((ask, i) => ask.sides.map((side) => ({
    number: i + 1, time: ask.time, model: ask.model, picture: ask.picture, question: ask.question, side: side.side, percent: side.percent,
    achieved: side.achieved, recipe: side.recipe, answer: side.answer, parting_token: side.parting?.token ?? null,
    surprise: side.surprise, seconds: side.seconds, knobs: side.side === "dense" ? "" : JSON.stringify(ask.knobs?.[side.side] ?? null),
  }))));

  // No ">" in it: it goes through the serializer of XML.
  const STYLE = "body{font:15px/1.45 system-ui,sans-serif;margin:24px auto;max-width:960px;padding:0 16px;color:#17212b;background:#fff}"
    + "article{border-top:1px solid #dbe1e7;padding:16px 0;break-inside:avoid;display:grid;grid-template-columns:200px 1fr;gap:8px 20px}"
    + "@media(max-width:640px){article{grid-template-columns:1fr}}article img{max-width:100%;border-radius:6px;image-rendering:auto}"
    + "h1{font-size:22px}h2{font-size:17px;margin:0}p,small{color:#55636f;margin:2px 0;overflow-wrap:anywhere}mark{background:#ffd9a8}"
    + "section{border-left:3px solid #dbe1e7;padding:2px 10px;margin:8px 0}section b{display:block}section .said{font-size:17px;color:#17212b}";

  /** The report as a page: built as nodes, so that whatever was said stays a text. */
  function page() {
    const made = document.implementation.createHTMLDocument(say("page.report.title"));
    const el = (tag, name = "", text = "", children = []) => {
      const node = made.createElement(tag);
      if (name) node.className = name;
      node.append(...(text ? [text] : []), ...children);
      return node;
    };
    const meta = el("meta");
    meta.setAttribute("charset", "utf-8");
    const wide = el("meta");
    Object.assign(wide, { name: "viewport", content: "width=device-width, initial-scale=1" });
    made.head.prepend(meta, wide);
    made.head.append(el("style", "", STYLE));
    made.documentElement.lang = document.documentElement.lang;
    const said = (side) => {
      const line = el("p", "said");
      side.words.forEach(([run, same], i) => line.append(i ? " " : "", same ? run : el("mark", "", run)));
      if (!side.words.length) line.append(say("page.ask.silent"));
      return line;
    };
    const facts = (side) => [
      side.recipe, side.achieved === null ? "" : say("page.ask.achieved", { achieved: app.share(side.achieved) }),
      side.surprise === null ? "" : say("page.report.surprise", { value: side.surprise.toFixed(2) }), say("page.ask.seconds", { seconds: side.seconds.toFixed(2) }),
    ].filter(Boolean);
    const block = (side, ask) => {
      const name = side.side === "pruned" && ask.sides.length > 2 ? "page.ask.pruned_b" : `page.ask.${side.side}`;
      const heading = side.percent === null ? say(name) : `${say(name)} ${say("page.ask.at", { percent: `${side.percent}%` })}`;
      return el("section", "", "", [el("b", "", heading), said(side), el("p", "", app.clauses(facts(side))), ...(side.parts ? [el("p", "", side.parts)] : [])]);
    };
    for (const ask of asks) {
      const shown = pictures.get(ask.picture), left = el("div");
      if (shown) {
        const image = el("img");
        Object.assign(image, { src: shown.data, alt: shown.words });
        left.append(image);
      }
      const when = new Date(ask.time).toLocaleString(document.documentElement.lang);
      const head = [el("h2", "", ask.question || say("page.report.picture")), el("p", "", `${when} · ${ask.model}`)];
      const right = el("div", "", "", [...head, ...ask.sides.map((side) => block(side, ask)), el("small", "", ask.settings)]);
      made.body.append(el("article", "", "", [left, right]));
    }
    made.body.prepend(el("h1", "", say("page.report.title")), el("p", "", say("page.report.lead", { count: asks.length })));
    return `<!doctype html>\n${new XMLSerializer().serializeToString(made.documentElement)}\n`;
  }

  app.report = { size, clear, json, csv, page };
})();
