// The keyboard on the map, and the list of its keys.
(() => {
  "use strict";
})();
