// Saving what is seen: a small menu at every figure, and the way from a drawing to an SVG or PNG file.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { state } = app;
  const SCALE = 2, MOST = 8192; // of a picture: pixels for one of the drawing's, and most pixels of a side

  /** The colours that a drawing is made in: the theme's. */
  app.inks = () => {
    const style = getComputedStyle(document.querySelector(".gradio-container"));
    return Object.fromEntries(["ink", "muted", "line", "panel", "dense", "hatch", "accent"].map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  };

  /** A file's name that says model, target and what it is. */
  app.fileName = (what, ending) => {
    const plain = (words) => words.toLowerCase().replace(/[^a-z0-9.]+/g, "-").slice(0, 24).replace(/^-+|-+$/g, "");
    return `${["ecoflap", plain(state.name ?? "") || "model", `${state.row}`, what].join("-")}.${ending}`;
  };

  /** What a drawing is of, in one line. */
  app.about = () => {
    const { table, row } = state;
    if (!table) return state.name ?? "";
    return app.say("page.save.about", {
      model: state.name ?? "", recipe: app.recipeWords(app.snapshot()), achieved: app.share(1 - table.kept[row] / table.total, 2),
      zero: app.number(table.total - table.kept[row]), total: app.number(table.total),
    });
  };

  app.save = (name, blob) => {
    const link = app.el("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };

  /** A drawing as a picture with two pixels for each of its own. */
  async function picture(root) {
    const image = new Image();
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(app.svg.write(root))}`;
    await image.decode();
    const [wide, high] = ["width", "height"].map((name) => Number(root.getAttribute(name)));
    const scale = Math.min(SCALE, MOST / Math.max(wide, high));
    const canvas = app.el("canvas");
    [canvas.width, canvas.height] = [Math.round(wide * scale), Math.round(high * scale)];
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
    if (!blob) throw new Error(`${canvas.width} x ${canvas.height}`);
    return blob;
  }

  /** Save what `draw(ink)` gives (see app.svg.sheet, without its ink) as a file. */
  async function save(what, kind, draw) {
    const ink = app.inks();
    const root = app.svg.sheet({ about: app.about(), ...(await draw(ink)), ink });
    const blob = kind === "png" ? await picture(root) : new Blob([app.svg.write(root)], { type: "image/svg+xml" });
    app.save(app.fileName(what, kind), blob);
  }

  /** The menu of a figure: `what` names its files, `draw(ink)` makes the drawing. */
  app.saveMenu = (what, title, draw) => {
    const summary = app.el("summary", "toggle", app.say("page.save"));
    summary.setAttribute("aria-label", app.say("page.save.label", { title }));
    const problem = app.el("p", "problem");
    problem.setAttribute("role", "alert");
    problem.hidden = true;
    const menu = app.el("details", "save");
    menu.dataset.save = what;
    const buttons = ["png", "svg"].map((kind) => {
      const button = app.el("button", "", app.say(kind === "png" ? "page.save.png" : "page.save.svg"));
      button.type = "button";
      button.dataset.kind = kind;
      button.addEventListener("click", () => {
        problem.hidden = true;
        save(what, kind, draw).then(() => close(true), (error) => {
          problem.textContent = app.say("page.save.failed", { reason: error.message || error.name });
          problem.hidden = false;
        });
      });
      return button;
    });
    menu.append(summary, app.el("div", "choices", "", [...buttons, problem]));
    function close(back) {
      if (!menu.open) return;
      menu.open = false;
      if (back) summary.focus();
    }
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !menu.open) return;
      event.stopPropagation();
      close(true);
    });
    menu.addEventListener("focusout", (event) => event.relatedTarget && !menu.contains(event.relatedTarget) && close(false));
    document.addEventListener("pointerdown", (event) => menu.open && !menu.contains(event.target) && close(false));
    return menu;
  };
})();
