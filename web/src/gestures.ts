/** Pointer and wheel over the timeline, told as what they mean: drag, pinch, hover, click. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Pixels are CSS pixels from the element's corner. */
export interface Meaning {
  /** Dragged to the right by so many pixels. */
  drag(px: number): void;
  /** So many times as much is to be seen, around a pixel. */
  zoom(factor: number, x: number): void;
  /** Over a point; null when the pointer has left. */
  hover(at: Point | null): void;
  click(at: Point): void;
}

/** A hand is not still: less than this is a click. */
const STILL_PX = 5;
const WHEEL = 0.0025;

export class Gestures {
  readonly #pointers = new Map<number, Point>();
  #travelled = 0;

  constructor(private readonly meaning: Meaning) {}

  /** Listens until what it gives is called. */
  listen(box: HTMLElement): () => void {
    const stop = new AbortController();
    const { signal } = stop;
    const at = (event: MouseEvent): Point => {
      const { left, top } = box.getBoundingClientRect();
      return { x: event.clientX - left, y: event.clientY - top };
    };
    box.addEventListener("pointerdown", (event) => this.#down(event, at(event)), { signal });
    box.addEventListener("pointermove", (event) => this.#move(event, at(event), box), { signal });
    box.addEventListener("pointerup", (event) => this.#up(event, at(event)), { signal });
    box.addEventListener("pointercancel", (event) => this.#pointers.delete(event.pointerId), { signal });
    box.addEventListener("pointerleave", () => this.meaning.hover(null), { signal });
    box.addEventListener("wheel", (event) => this.#wheel(event, at(event)), { signal, passive: false });
    return () => stop.abort();
  }

  #down(event: PointerEvent, at: Point): void {
    if (event.button !== 0) return;
    this.#travelled = this.#pointers.size ? STILL_PX : 0;
    this.#pointers.set(event.pointerId, at);
  }

  #move(event: PointerEvent, at: Point, box: HTMLElement): void {
    const before = this.#pointers.get(event.pointerId);
    if (!before) {
      if (event.pointerType !== "touch") this.meaning.hover(at);
      return;
    }
    const apart = this.#apart();
    this.#pointers.set(event.pointerId, at);
    this.#travelled += Math.abs(at.x - before.x);
    if (apart) this.meaning.zoom(apart / Math.max(1, this.#apart()), at.x);
    else if (this.#travelled >= STILL_PX) {
      // Captured only now, so that a click stays one of what is under it.
      box.setPointerCapture(event.pointerId);
      this.meaning.hover(null);
      this.meaning.drag(at.x - before.x);
    }
  }

  #up(event: PointerEvent, at: Point): void {
    const pressed = this.#pointers.delete(event.pointerId);
    if (pressed && this.#travelled < STILL_PX) this.meaning.click(at);
  }

  /** The distance between two fingers; 0 while there is one. */
  #apart(): number {
    const [one, other] = [...this.#pointers.values()];
    return one && other ? Math.abs(one.x - other.x) : 0;
  }

  /** A pinch on a trackpad comes as a wheel with Ctrl. A plain wheel up or down is the page's own. */
  #wheel(event: WheelEvent, at: Point): void {
    const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
    if (event.ctrlKey || event.metaKey) this.meaning.zoom(Math.exp(event.deltaY * WHEEL), at.x);
    else if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) this.meaning.drag(-sideways);
    else return;
    event.preventDefault();
  }
}
