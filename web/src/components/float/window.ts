/** A small window of the page's own: always on top where the browser can do that, a pop-up elsewhere. */

const SIZE = { width: 340, height: 250 };

interface PictureInPicture {
  requestWindow(options: { width: number; height: number }): Promise<Window>;
}

/** Opens it, styled as the page is. To be called from a click. Null where the browser blocks it. */
export async function openSmallWindow(title: string): Promise<Window | null> {
  const made = await (onTop() ?? popUp());
  if (!made) return null;
  made.document.title = title;
  made.document.documentElement.lang = document.documentElement.lang;
  made.document.head.append(...[...document.querySelectorAll("link[rel=stylesheet], style, meta[name]")].map(copied));
  return made;
}

/** A promise of the always-on-top window; null where there is no such thing. */
function onTop(): Promise<Window | null> | null {
  const pictures = (window as { documentPictureInPicture?: PictureInPicture }).documentPictureInPicture;
  if (!pictures) return null;
  return pictures.requestWindow(SIZE).catch(() => popUp());
}

function popUp(): Window | null {
  return window.open("", "", `popup,width=${SIZE.width},height=${SIZE.height}`);
}

/** A copy whose address holds in a document that has none of its own. */
function copied(element: Element): Node {
  const copy = element.cloneNode(true);
  if (copy instanceof HTMLLinkElement && element instanceof HTMLLinkElement) copy.href = element.href;
  return copy;
}
