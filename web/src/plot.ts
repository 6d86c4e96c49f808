/** The timeline's drawing: uPlot keeps the time axis, the lanes are painted on its canvas. */

import uPlot from "uplot";
import { formatTime } from "./clock";
import { colourOf, SHAPES } from "./emotions";
import { EMOTIONS, type Emotion } from "./protocol";
import type { Utterance } from "./state";
import { bars, type Bar } from "./timeline";

const GLYPH = 11;
const PAD = 6;

type Paint = Record<Emotion | "line" | "soft" | "accent", string>;

/** A plot in `box` whose area is painted by `draw`; the caller sets sizes and scales, and destroys it. */
export function makePlot(box: HTMLElement, draw: (plot: uPlot) => void): uPlot {
  const options: uPlot.Options = {
    width: Math.max(1, box.clientWidth),
    height: 1,
    legend: { show: false },
    cursor: { show: false },
    padding: [0, 18, 0, 14],
    scales: { x: { time: false, auto: false }, y: { auto: false } },
    series: [{}, { scale: "y" }],
    axes: [
      {
        stroke: () => paint(box).soft,
        grid: { stroke: () => paint(box).line, width: 1 },
        ticks: { show: false },
        font: `12px ${getComputedStyle(box).fontFamily}`,
        size: 28,
        space: 64,
        incrs: [5, 10, 15, 30, 60],
        values: (_, ticks) => ticks.map(formatTime),
      },
      { show: false },
    ],
    hooks: { draw: [draw] },
  };
  return new uPlot(options, [[], []], box);
}

/** Paints the utterances that reach into the plot's span, each in its speaker's lane; a line where `now` is. Gives how many. */
export function drawLanes(
  plot: uPlot,
  utterances: readonly Utterance[],
  speakers: readonly string[],
  now: number | null,
): number {
  const { min = 0, max = 0 } = plot.scales["x"] ?? {};
  const { ctx, bbox } = plot;
  const colours = paint(plot.root);
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  drawFloors(plot, Math.max(1, speakers.length), colours.line);
  const seen = bars(utterances, speakers, min ?? 0, max ?? 0);
  const taken = new Map<number, number>();
  for (const bar of seen) {
    const [middle, top] = drawBar(plot, bar, speakers.length, colours);
    // A shape on every bar, unless it would cover the one before it in its lane.
    if (middle - (taken.get(bar.lane) ?? -Infinity) < GLYPH * devicePixelRatio) continue;
    drawShape(ctx, bar, middle, top);
    taken.set(bar.lane, middle);
  }
  ctx.globalAlpha = 1;
  if (now !== null) drawNow(plot, now, colours.accent);
  ctx.restore();
  return seen.length;
}

function drawFloors(plot: uPlot, lanes: number, colour: string): void {
  const { ctx, bbox } = plot;
  ctx.fillStyle = colour;
  for (let lane = 0; lane < lanes; lane++) {
    const floor = bbox.top + ((lane + 1) * bbox.height) / lanes;
    ctx.fillRect(bbox.left, Math.round(floor) - devicePixelRatio, bbox.width, devicePixelRatio);
  }
}

function drawNow(plot: uPlot, now: number, colour: string): void {
  const { ctx, bbox } = plot;
  const width = 2 * devicePixelRatio;
  ctx.fillStyle = colour;
  ctx.fillRect(Math.min(plot.valToPos(now, "x", true), bbox.left + bbox.width - width), bbox.top, width, bbox.height);
}

/** Provisional bars are pale, unsure ones only outlined. Gives the middle of the bar's top. */
function drawBar(plot: uPlot, bar: Bar, lanes: number, colours: Paint): [middle: number, top: number] {
  const { ctx, bbox } = plot;
  const lane = bbox.height / Math.max(1, lanes);
  const left = plot.valToPos(bar.start, "x", true);
  const width = Math.max(2 * devicePixelRatio, plot.valToPos(bar.end, "x", true) - left);
  const room = lane - (GLYPH + PAD) * devicePixelRatio;
  const floor = bbox.top + (bar.lane + 1) * lane - devicePixelRatio;
  const height = room * bar.height;
  ctx.globalAlpha = bar.final ? 1 : 0.5;
  ctx.fillStyle = ctx.strokeStyle = colours[bar.label];
  ctx.lineWidth = 1.5 * devicePixelRatio;
  if (bar.unsure) ctx.strokeRect(left + ctx.lineWidth / 2, floor - height, width - ctx.lineWidth, height);
  else ctx.fillRect(left, floor - height, width, height);
  return [left + width / 2, floor - height];
}

/** The bar's shape on its top, in the bar's colour. */
function drawShape(ctx: CanvasRenderingContext2D, { label }: Bar, middle: number, foot: number): void {
  const scale = (GLYPH / 16) * devicePixelRatio;
  ctx.save();
  ctx.translate(middle - 8 * scale, foot - (16 * scale + 2 * devicePixelRatio));
  ctx.scale(scale, scale);
  ctx.fill(new Path2D(SHAPES[label]));
  ctx.restore();
}

/** The scheme's present colours: read anew each time, so that a change from light to dark shows at once. */
function paint(element: HTMLElement): Paint {
  const style = getComputedStyle(element);
  const value = (name: string): string => style.getPropertyValue(name).trim();
  const roles = { line: value("--line"), soft: value("--soft"), accent: value("--accent") };
  const emotions = Object.fromEntries(EMOTIONS.map((label) => [label, value(colourOf(label))]));
  return { ...roles, ...(emotions as Record<Emotion, string>) };
}
