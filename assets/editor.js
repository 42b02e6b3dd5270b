// A small drawing board: six colours, a brush, outlines that fill themselves, undo; the drawing goes to Python as a PNG.
(() => {
  "use strict";
  const app = window.ecoflap;
  const SIDE = 256;
  const MOST = 30; // strokes that can be undone

  app.mount.editor = ({ element, props, trigger }) => {
    const canvas = app.el("canvas", "board");
    canvas.width = canvas.height = SIDE;
    canvas.setAttribute("aria-label", app.say("page.draw.aria"));
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    const names = Object.keys(props.colours);
    const past = [];
    let colour = names[0], width = 8, path = null;

    function remember() {
      past.push(pen.getImageData(0, 0, SIDE, SIDE));
      if (past.length > MOST) past.shift();
    }
    const blank = () => {
      pen.fillStyle = "#ffffff";
      pen.fillRect(0, 0, SIDE, SIDE);
    };

    const swatches = names.map((name) => {
      const button = app.el("button", "swatch");
      button.style.background = props.colours[name];
      button.title = app.say(`page.draw.colour.${name}`);
      button.setAttribute("aria-label", button.title);
      button.addEventListener("click", () => choose(name));
      return button;
    });
    function choose(name) {
      colour = name;
      swatches.forEach((button, i) => button.setAttribute("aria-pressed", String(names[i] === name)));
    }

    const fill = app.el("input");
    fill.type = "checkbox";
    fill.checked = true;
    const filling = app.el("label", "filling", "", [fill, app.el("span", "", app.say("page.draw.fill"))]);
    const size = app.el("input");
    Object.assign(size, { type: "range", min: 3, max: 24, value: width });
    size.addEventListener("input", (event) => {
      event.stopPropagation();
      width = Number(size.value);
    });
    const sizing = app.el("label", "filling", "", [app.el("span", "", app.say("page.draw.brush")), size]);

    const action = (key, run) => {
      const button = app.el("button", "toggle", app.say(key));
      button.addEventListener("click", run);
      return button;
    };
    const undo = action("page.draw.undo", () => {
      const last = past.pop();
      if (last) pen.putImageData(last, 0, 0);
    });
    const clear = action("page.draw.clear", () => {
      remember();
      blank();
    });
    const use = action("page.draw.use", () => trigger("drawn", { png: canvas.toDataURL("image/png") }));
    use.classList.add("primary");

    const place = (event) => {
      const box = canvas.getBoundingClientRect();
      return [((event.clientX - box.left) * SIDE) / box.width, ((event.clientY - box.top) * SIDE) / box.height];
    };
    canvas.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      canvas.setPointerCapture(event.pointerId);
      remember();
      path = [place(event)];
      stroke();
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!path) return;
      path.push(place(event));
      stroke();
    });
    for (const end of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(end, () => {
        if (path && fill.checked && path.length > 2) trace((p) => p.fill());
        path = null;
      });
    }
    function stroke() {
      pen.lineWidth = width;
      pen.lineCap = pen.lineJoin = "round";
      pen.strokeStyle = props.colours[colour];
      trace((p) => p.stroke());
    }
    function trace(finish) {
      pen.fillStyle = props.colours[colour];
      pen.beginPath();
      pen.moveTo(...path[0]);
      for (const point of path.length > 1 ? path.slice(1) : path) pen.lineTo(...point);
      finish(pen);
    }

    const tools = app.el("div", "tools", "", [app.el("div", "swatches", "", swatches), filling, sizing, app.el("div", "swatches", "", [undo, clear, use])]);
    const board = app.el("div", "drawing", "", [canvas, tools]);
    const summary = app.el("summary", "", app.say("page.draw.title"));
    element.querySelector(".mount").replaceChildren(
      app.el("details", "", "", [summary, app.el("p", "", app.say("page.draw.lead")), board]),
    );
    blank();
    choose(colour);
  };
})();
