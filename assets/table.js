// The map's twin: every matrix as a row, sortable, with the same selection.
(() => {
  "use strict";
})();
