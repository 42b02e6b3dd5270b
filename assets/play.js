// Play: the target runs from 0 to 95% by itself.
(() => {
  "use strict";
})();
