/** Whether keys that also write something act (WCAG 2.2, 2.1.4): the reader's choice, which the browser remembers. */

import { recall, remember } from "../kept";

const NAME = "undertone-letter-keys";

export function letterKeys(): { on: boolean } {
  let on = $state(recall(NAME) !== "off");
  return {
    get on() {
      return on;
    },
    set on(wished: boolean) {
      on = wished;
      remember(NAME, wished ? "on" : "off");
    },
  };
}
