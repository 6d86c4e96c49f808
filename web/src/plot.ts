/** The timeline's drawing: uPlot keeps the time axis, the lanes are painted on its canvas. */

import uPlot from "uplot";
import { formatTime } from "./clock";
import type { Colours } from "./colours";
import { SHAPES } from "./emotions";
import { EMOTIONS, type Emotion } from "./protocol";
import { coarse, thin, within, type Bar, type Track } from "./timeline";

/** CSS pixels. */
export const AXIS_HEIGHT = 34;
export const PAD_LEFT = 14;
export const PAD_RIGHT = 18;
const GLYPH = 11;
const PAD = 6;
/** Bars narrower than this are drawn as one. */
const CELL = 2;
const CARET = 4;
/** Shapes, and carets, of one lane are at least so far apart. */
const APART = 15;
const PATHS = Object.fromEntries(EMOTIONS.map((label) => [label, new Path2D(SHAPES[label])])) as Record<Emotion, Path2D>;

/** What is to be painted. `marked`: keys of utterances that stand out; `line`: the time of now, or of what is played. */
export interface Scene {
  readonly track: Track;
  readonly lanes: number;
  readonly line: number | null;
  readonly marked: ReadonlySet<string>;
  readonly colours: Colours;
}

/** A plot in `box` whose area is painted by `draw`; the caller sets sizes and scales, and destroys it. */
export function makePlot(box: HTMLElement, colours: () => Colours, draw: (plot: uPlot) => void): uPlot {
  const options: uPlot.Options = {
    width: Math.max(1, box.clientWidth),
    height: 1,
    legend: { show: false },
    cursor: { show: false },
    padding: [0, PAD_RIGHT, 0, PAD_LEFT],
    scales: { x: { time: false, auto: false }, y: { auto: false } },
    series: [{}, { scale: "y" }],
    axes: [
      {
        stroke: () => colours().soft,
        grid: { stroke: () => colours().line, width: 1 },
        ticks: { show: false },
        font: `12px ${getComputedStyle(box).fontFamily}`,
        size: 28,
        space: 64,
        incrs: [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200],
        values: (_, ticks) => ticks.map(formatTime),
      },
      { show: false },
    ],
    hooks: { draw: [draw] },
  };
  return new uPlot(options, [[], []], box);
}

/** Paints what reaches into the plot's span, each bar in its speaker's lane. Gives how many bars were painted. */
export function drawScene(plot: uPlot, scene: Scene): number {
  const { min, max } = plot.scales["x"] ?? {};
  const { ctx, bbox } = plot;
  const [from, to] = [min ?? 0, max ?? 0];
  const perPixel = ((to - from) / bbox.width) * devicePixelRatio;
  const seen = thin(within(scene.track, from, to), CELL * perPixel);
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  drawFloors(plot, scene);
  drawBars(plot, seen, coarse(APART * perPixel), scene);
  if (scene.line !== null) drawLine(plot, scene.line, scene.colours.accent);
  ctx.restore();
  return seen.length;
}

function drawFloors({ ctx, bbox }: uPlot, { lanes, colours }: Scene): void {
  ctx.fillStyle = colours.line;
  for (let lane = 0; lane < lanes; lane++) {
    const floor = bbox.top + ((lane + 1) * bbox.height) / lanes;
    ctx.fillRect(bbox.left, Math.round(floor) - devicePixelRatio, bbox.width, devicePixelRatio);
  }
}

/** Shapes and shifts stand above the bars, of each lane one in `apart` seconds at most; marked ones above all. */
function drawBars(plot: uPlot, bars: readonly Bar[], apart: number, scene: Scene): void {
  const placed = bars.map((bar) => ({ bar, place: placeOf(plot, bar, scene.lanes) }));
  for (const { bar, place } of placed) drawBar(plot.ctx, bar, place, scene.colours);
  for (const { bar, place } of spaced(placed, apart)) drawShape(plot.ctx, bar, place, scene.colours);
  const shifts = placed.filter(({ bar }) => bar.shiftedFrom);
  for (const { place } of spaced(shifts, apart)) drawShift(plot.ctx, place, scene.colours.ink);
  for (const { bar, place } of placed) if (scene.marked.has(bar.said.key)) drawMark(plot.ctx, place, scene.colours.accent);
}

/** Those of each lane that do not come too near to the one before. */
function spaced<One extends { readonly bar: Bar }>(placed: readonly One[], apart: number): One[] {
  const taken = new Map<number, number>();
  return placed.filter(({ bar }) => {
    if (bar.start - (taken.get(bar.lane) ?? -Infinity) < apart) return false;
    taken.set(bar.lane, bar.start);
    return true;
  });
}

/** A bar in canvas pixels; its lane from `ceiling` to `floor`. */
interface Place {
  readonly left: number;
  readonly width: number;
  readonly top: number;
  readonly floor: number;
  readonly ceiling: number;
}

function placeOf(plot: uPlot, bar: Bar, lanes: number): Place {
  const { bbox } = plot;
  const lane = bbox.height / lanes;
  const left = plot.valToPos(bar.start, "x", true);
  const width = Math.max(CELL * devicePixelRatio, plot.valToPos(bar.end, "x", true) - left);
  const floor = bbox.top + (bar.lane + 1) * lane - devicePixelRatio;
  const room = lane - (GLYPH + PAD) * devicePixelRatio;
  return { left, width, top: floor - room * bar.height, floor, ceiling: bbox.top + bar.lane * lane };
}

/** Provisional bars are pale, unsure ones only outlined. */
function drawBar(ctx: CanvasRenderingContext2D, bar: Bar, { left, width, top, floor }: Place, colours: Colours): void {
  ctx.globalAlpha = bar.final ? 1 : 0.5;
  ctx.fillStyle = ctx.strokeStyle = colours[bar.label];
  ctx.lineWidth = 1.5 * devicePixelRatio;
  const inset = ctx.lineWidth / 2;
  if (bar.unsure && width > 2 * ctx.lineWidth) ctx.strokeRect(left + inset, top, width - ctx.lineWidth, floor - top);
  else ctx.fillRect(left, top, width, floor - top);
  ctx.globalAlpha = 1;
}

/** The bar's shape on its top, in the bar's colour; outlined where the bar is. */
function drawShape(ctx: CanvasRenderingContext2D, bar: Bar, { left, width, top }: Place, colours: Colours): void {
  const scale = (GLYPH / 16) * devicePixelRatio;
  ctx.save();
  ctx.fillStyle = ctx.strokeStyle = colours[bar.label];
  ctx.globalAlpha = bar.final ? 1 : 0.5;
  ctx.translate(left + width / 2 - 8 * scale, top - (16 * scale + 2 * devicePixelRatio));
  ctx.scale(scale, scale);
  ctx.lineWidth = 1.75;
  if (bar.unsure) ctx.stroke(PATHS[bar.label]);
  else ctx.fill(PATHS[bar.label]);
  ctx.restore();
}

/** A caret at the ceiling of the lane, and a thin line down, where the label changes. */
function drawShift(ctx: CanvasRenderingContext2D, { left, width, floor, ceiling }: Place, colour: string): void {
  const [size, thin] = [CARET * devicePixelRatio, devicePixelRatio];
  ctx.fillStyle = colour;
  ctx.beginPath();
  ctx.moveTo(left - size, ceiling);
  ctx.lineTo(left + size, ceiling);
  ctx.lineTo(left, ceiling + 1.5 * size);
  ctx.fill();
  if (width < 2 * size) return;
  ctx.globalAlpha = 0.45;
  ctx.fillRect(left - thin / 2, ceiling + size, thin, floor - ceiling - size);
  ctx.globalAlpha = 1;
}

function drawMark(ctx: CanvasRenderingContext2D, { left, width, floor, ceiling }: Place, colour: string): void {
  const thick = 2 * devicePixelRatio;
  ctx.fillStyle = ctx.strokeStyle = colour;
  ctx.globalAlpha = 0.12;
  ctx.fillRect(left - thick, ceiling, width + 2 * thick, floor - ceiling);
  ctx.globalAlpha = 1;
  ctx.fillRect(left - thick, floor - thick, width + 2 * thick, thick);
}

function drawLine(plot: uPlot, at: number, colour: string): void {
  const { ctx, bbox } = plot;
  const width = 2 * devicePixelRatio;
  const left = plot.valToPos(at, "x", true);
  ctx.fillStyle = colour;
  ctx.fillRect(Math.min(left, bbox.left + bbox.width - width), bbox.top, width, bbox.height);
}

/** The whole conversation on a small canvas: a strip for each lane, colour alone, from second 0 to `length`. */
export function drawOverview(
  canvas: HTMLCanvasElement,
  { track, lanes, colours }: Pick<Scene, "track" | "lanes" | "colours">,
  length: number,
): void {
  const ctx = canvas.getContext("2d");
  if (!ctx) return;
  const [width, height] = [canvas.clientWidth * devicePixelRatio, canvas.clientHeight * devicePixelRatio];
  [canvas.width, canvas.height] = [width, height];
  const [scale, lane] = [width / length, height / lanes];
  for (const bar of thin(track.bars, devicePixelRatio / scale)) {
    ctx.fillStyle = colours[bar.label];
    ctx.globalAlpha = bar.unsure ? 0.4 : 1;
    const rise = Math.max(2, (lane - 2) * bar.height);
    ctx.fillRect(bar.start * scale, (bar.lane + 1) * lane - rise, Math.max(1, (bar.end - bar.start) * scale), rise);
  }
}
