// Breaking point and what broke it.
(() => {
  "use strict";
  const app = window.ecoflap;

  app.mount.ladder = () => {};
})();
