// The camera: a small dialog with what it sees; it is on only while the dialog is open.
(() => {
  "use strict";
  const app = window.ecoflap;
  const WHY = {
    NotAllowedError: "page.camera.refused", SecurityError: "page.camera.refused",
    NotFoundError: "page.camera.none", OverconstrainedError: "page.camera.none",
    NotReadableError: "page.camera.busy", AbortError: "page.camera.busy",
  };

  /** Why there is no camera, in words. */
  function words(error) {
    const why = WHY[error.name];
    return why ? app.say(why) : app.say("page.camera.failed", { reason: error.name });
  }

  /**
   * The button that opens the dialog, and the dialog.
   * `taken` gets the video at the moment that people choose; `tell` a sentence where there is no camera, or "".
   */
  app.camera = (taken, tell) => {
    const button = app.el("button", "toggle open-camera", app.say("page.camera.open"));
    const video = app.el("video");
    Object.assign(video, { muted: true, playsInline: true, hidden: true });
    video.setAttribute("aria-label", app.say("page.camera.aria"));
    const note = app.el("p", "note", app.say("page.camera.wait"));
    note.setAttribute("role", "status");
    const take = app.el("button", "primary", app.say("page.camera.take"));
    const cancel = app.el("button", "toggle", app.say("page.camera.cancel"));
    const title = app.say("page.camera.title");
    const dialog = app.el("dialog", "camera", "", [app.el("h2", "", title), video, note, app.el("div", "line", "", [take, cancel])]);
    dialog.setAttribute("aria-label", title);
    let stream = null, opened = 0;

    function stop() {
      for (const track of stream?.getTracks() ?? []) track.stop();
      stream = video.srcObject = null;
      dialog.dataset.live = "false";
    }

    async function open() {
      tell("");
      if (!navigator.mediaDevices?.getUserMedia) return tell(app.say("page.camera.insecure"));
      const mine = ++opened;
      [video.hidden, note.hidden, take.disabled] = [true, false, true];
      dialog.showModal();
      try {
        const found = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 1280 } }, audio: false });
        if (mine !== opened || !dialog.open) return found.getTracks().forEach((track) => track.stop()); // closed meanwhile
        stream = video.srcObject = found;
        await video.play();
        [video.hidden, note.hidden, take.disabled] = [false, true, false];
        dialog.dataset.live = "true";
        take.focus();
      } catch (error) {
        if (mine !== opened || !dialog.open) return;
        dialog.close();
        tell(words(error));
      }
    }

    button.addEventListener("click", open);
    take.addEventListener("click", () => {
      taken(video);
      dialog.close();
    });
    cancel.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", stop); // also after the Escape key
    return { button, dialog };
  };
})();
