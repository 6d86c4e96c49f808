/** Going from one screen of recordings to another without loading the page anew: what is read or played goes on. */

let moved = false;
addEventListener("popstate", () => (moved = true));

/** For a screen's heading: takes the focus, which went with the screen before, so that a screen reader says where one is. */
export function arrive(heading: HTMLElement): void {
  if (moved) heading.focus({ preventScroll: true });
}

/** Goes to an address of this page; the one screen that is mounted listens by `popstate`, as for the browser's Back. */
export function visit(address: string): void {
  history.pushState(null, "", address);
  dispatchEvent(new PopStateEvent("popstate"));
  scrollTo(0, 0);
}

/** For a plain link: leaves to the browser what opens beside this page. */
export function follow(event: MouseEvent & { currentTarget: HTMLAnchorElement }): void {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button !== 0) return;
  event.preventDefault();
  visit(event.currentTarget.href);
}
