/** Going from one screen of recordings to another without loading the page anew: what is read or played goes on. */

/** Goes to an address of this page; the one screen that is mounted listens by `popstate`, as for the browser's Back. */
export function visit(address: string): void {
  history.pushState(null, "", address);
  dispatchEvent(new PopStateEvent("popstate"));
}

/** For a plain link: leaves to the browser what opens beside this page. */
export function follow(event: MouseEvent & { currentTarget: HTMLAnchorElement }): void {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button !== 0) return;
  event.preventDefault();
  visit(event.currentTarget.href);
}
