// Figures: Plotly draws each once, later values go into the same plot; what follows the hand is a light layer above it.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { state } = app;
  const NAMES = ["skyline", "importance", "curves"];
  const PATIENCE = 3000; // ms after which Plotly no longer waits for what Python has to tell first
  const CONFIG = { displayModeBar: false, doubleClick: "reset", showTips: false, responsive: false };
  // A finger that drags over a figure scrolls the page; a mouse zooms.
  const dragmode = window.matchMedia("(pointer: coarse)").matches ? false : "zoom";

  // Vision's blue is too dark for lines on a dark panel: there the lighter blue of the same palette (Okabe and Ito).
  const DARK = [["#0072B2", "#56B4E9"], ["rgba(0,114,178,", "rgba(86,180,233,"]];
  const isDark = () => document.body.classList.contains("dark");
  const themed = (text) => (isDark() ? DARK.reduce((all, [light, dark]) => all.replaceAll(light, dark), text) : text);

  // Some browsers have no idle callback: there a moment has to do.
  const idle = () => new Promise((resolve) => (window.requestIdleCallback ? requestIdleCallback(resolve, { timeout: 2000 }) : setTimeout(resolve, 200)));
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  let loading = null;

  /** The script at `place`, which gives itself the name Plotly. Large: map and slider go before. */
  const fetched = (place) => new Promise((resolve, reject) => {
    const script = app.el("script");
    Object.assign(script, { src: place, onload: resolve, onerror: () => reject(new Error(script.src)) });
    document.head.append(script);
  });

  function plotly(place) {
    loading ??= Promise.race([app.begun(), pause(PATIENCE)]).then(idle).then(() => fetched(place)).catch((error) => {
      loading = null; // the next figure tries again
      throw error;
    });
    return loading;
  }

  const task = () => new Promise((resolve) => setTimeout(resolve, 0));

  /** A card: title, legend, the plot with the layer above it, and what one is looking at. */
  function card(name, title) {
    const [legend, plot, over, caption] = [app.el("div", "legend"), app.el("div", "plot"), app.el("div", "over"), app.el("p")];
    const holder = app.el("div", "holder", "", [plot, over]);
    holder.id = name;
    const head = app.el("div", "top", "", [app.el("h2", "", title), legend]);
    const node = app.el("section", "card figure", "", [head, holder, caption]);
    node.dataset.figure = name;
    const made = { name, node, legend, holder, plot, over, caption, text: "", figure: null, width: 0 };
    legend.before(app.saveMenu(name, title, app.plotDrawing(made, title)));
    return made;
  }

  function legend(card) {
    const entries = card.figure.legend.map(({ mark, colour, words }) => {
      const sign = app.el("i", mark);
      sign.style.color = colour;
      return app.el("span", "key", "", [sign, app.el("span", "", words)]);
    });
    card.legend.replaceChildren(...entries);
  }

  /** Draw a figure, or put new values into it; the same text at the same width is drawn already. */
  async function draw(card, plain) {
    const text = themed(plain);
    const width = card.holder.clientWidth;
    if (!width || (text === card.text && width === card.width)) return;
    const first = !card.figure;
    if (text !== card.text) {
      card.figure = JSON.parse(text);
      legend(card);
    }
    Object.assign(card, { text, width });
    // The figure's own layout stays as Python sent it: Plotly writes the zoomed ranges into what it is given.
    const layout = { ...structuredClone(card.figure.layout), width, dragmode };
    await window.Plotly.react(card.plot, card.figure.data, layout, CONFIG);
    if (!first) return;
    card.plot.on("plotly_relayout", () => app.overlay.place(card));
    card.plot.on("plotly_click", ({ points }) => points[0].customdata && app.select(points[0].customdata[0]));
  }

  function clear(card) {
    if (card.figure) window.Plotly.purge(card.plot);
    Object.assign(card, { text: "", figure: null, width: 0 });
  }

  app.mount.figures = ({ element, props, watch }) => {
    const body = element.querySelector(".mount");
    const titles = [app.say("page.skyline.title"), app.say("page.importance.title"), app.say("page.curves.title")];
    const cards = NAMES.map((name, i) => card(name, titles[i]));
    const why = app.el("p", "why");
    cards[2].node.append(why);
    cards.forEach(app.overlay.attach);
    body.replaceChildren(...cards.map((entry) => entry.node));
    let shown = null, last = Promise.resolve();

    /** One figure in each task, so that a hand that is down again is not kept waiting by all of them. */
    async function render() {
      const value = shown;
      await plotly(props.plotly);
      for (const entry of cards) {
        if (shown !== value) return;
        if (value) await draw(entry, value[entry.name]);
        else clear(entry);
        if (entry.figure) app.overlay.place(entry, value.place);
        await task();
      }
      if (shown !== value || !cards.every((entry) => entry.figure)) return;
      body.dataset.theme = isDark() ? "dark" : "light";
      Object.assign(body.dataset, { drawn: value.percent, key: value.key });
      stale();
    }

    /** One after the other: Plotly is never given a plot that it is still drawing. */
    function show() {
      last = last.catch(() => {}).then(render);
    }

    /** What is older than what the hand shows is dimmed; the curves are the same at every target. */
    function stale() {
      const same = Boolean(shown && state.table && shown.key === state.table.key);
      cards.forEach((entry) => {
        const old = String(!(same && (entry.name === "curves" || shown.percent === state.row)));
        if (entry.node.dataset.stale !== old) entry.node.dataset.stale = old;
      });
    }

    function captions() {
      const { value } = props;
      const group = app.say(`page.rail.granularity.${value?.granularity ?? "block"}`);
      const hint = `${app.say("page.figure.select")}${dragmode ? ` ${app.say("page.figure.zoom")}` : ""}`;
      const bars = value?.bars ? ` ${app.say("page.importance.bars")}` : "";
      cards[0].saved = app.say("page.skyline.caption", { group }); // a saved figure is not clicked
      cards[0].caption.textContent = `${cards[0].saved} ${hint}`;
      cards[1].caption.textContent = app.say("page.importance.caption", { group }) + bars;
      cards[2].caption.textContent = app.say("page.curves.caption");
      why.textContent = value?.why ?? "";
      cards.forEach((entry, i) => {
        entry.plot.setAttribute("role", "img");
        entry.plot.setAttribute("aria-label", app.say("page.figure.aria", { title: titles[i], caption: entry.caption.textContent }));
      });
    }

    function take() {
      shown = props.value ? { ...props.value } : null;
      captions();
      show();
    }

    watch("value", take);
    new ResizeObserver(() => requestAnimationFrame(show)).observe(cards[0].holder);
    let dark = isDark();
    new MutationObserver(() => {
      if (dark === isDark()) return;
      dark = isDark();
      show();
    }).observe(document.body, { attributeFilter: ["class"] });
    app.on(element, () => {
      stale();
      cards.forEach(app.overlay.follow);
    });
    take();
  };
})();
