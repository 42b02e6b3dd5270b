// The pinned recipe A against B, which follows the slider.
(() => {
  "use strict";
  const app = window.ecoflap;

  app.mount.compare = () => {};
})();
