// Many pictures and questions at once, as a table.
(() => {
  "use strict";
  const app = window.ecoflap;

  app.mount.batch = () => {};
})();
