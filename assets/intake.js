// Pictures from elsewhere: pasted, dropped on the picture, or taken with the camera; made small before they are sent.
(() => {
  "use strict";
  const app = window.ecoflap;
  const SIDE = 1024; // a model sees a few hundred pixels a side
  const MOST = 20e6; // bytes of a file, as for an upload
  const NONE = { pasted: "page.intake.none.pasted", dropped: "page.intake.none.dropped" };
  const HEAVY = 1.5e6; // characters of a PNG beyond which a JPEG is sent

  /** Anything that can be drawn, on white, at most SIDE pixels a side: as a data URL. */
  function shrunk(source, width, height) {
    const scale = Math.min(1, SIDE / Math.max(width, height));
    const canvas = app.el("canvas");
    canvas.width = Math.max(1, Math.round(width * scale));
    canvas.height = Math.max(1, Math.round(height * scale));
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#ffffff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(source, 0, 0, canvas.width, canvas.height);
    const png = canvas.toDataURL("image/png");
    return png.length <= HEAVY ? png : canvas.toDataURL("image/jpeg", 0.92);
  }

  const TEXT = "textarea, [contenteditable], input:not([type=range], [type=radio], [type=checkbox], [type=button])";
  const isText = (node) => node instanceof Element && node.closest(TEXT) !== null;
  const holdsFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const place = (event) => (event.target instanceof Element ? event.target.closest("#ask-picture") : null);

  app.mount.intake = ({ element, trigger }) => {
    const problem = app.el("p", "problem");
    problem.setAttribute("role", "alert");
    problem.hidden = true;
    const tell = (words) => {
      problem.textContent = words;
      problem.hidden = !words;
    };
    const send = (kind, picture) => {
      tell("");
      trigger("taken", { kind, picture });
    };
    const camera = app.camera((video) => send("camera", shrunk(video, video.videoWidth, video.videoHeight)), tell);
    const line = app.el("div", "line", "", [camera.button, app.el("span", "hint", app.say("page.intake.hint"))]);
    element.querySelector(".mount").replaceChildren(line, problem, camera.dialog);

    /** Send the first picture among files; a sentence where there is none, or it cannot be read. */
    async function take(kind, files) {
      const file = [...files].find((each) => each.type.startsWith("image/"));
      if (!file) return tell(app.say(NONE[kind]));
      const name = file.name || app.say("page.intake.noname");
      if (file.size > MOST) return tell(app.say("page.intake.large", { name, size: app.bytes(file.size) }));
      try {
        const picture = await createImageBitmap(file);
        send(kind, shrunk(picture, picture.width, picture.height));
        picture.close();
      } catch {
        tell(app.say("page.intake.broken", { name }));
      }
    }

    const wanted = () => element.isConnected && element.offsetParent !== null; // hidden where a model takes no picture
    document.addEventListener("paste", (event) => {
      if (!wanted() || isText(event.target) || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      take("pasted", event.clipboardData?.files ?? []);
    });
    const over = (event, on) => {
      const zone = holdsFiles(event) && wanted() ? place(event) : null;
      document.getElementById("ask-picture")?.classList.toggle("dropping", Boolean(zone) && on);
      if (zone) event.preventDefault();
      return zone;
    };
    document.addEventListener("dragover", (event) => over(event, true));
    document.addEventListener("dragleave", (event) => over(event, false));
    document.addEventListener("drop", (event) => {
      if (over(event, false)) take("dropped", event.dataTransfer.files);
    });
  };
})();
