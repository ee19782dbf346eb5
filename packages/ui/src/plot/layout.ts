/** Where everything of a plot stands, in pixels. */
import type { PlotPoint, PlotSeries } from '../types.ts'
import { linear, ticksOf } from './scale.ts'

interface Plot {
  readonly series: readonly PlotSeries[]
  readonly kind: 'line' | 'bar'
  readonly width: number
  readonly height: number
}

/** The room for the numbers at the start, and for those below. */
const left = 44
const right = 8
const top = 8
const bottom = 22

export interface PlotLayout {
  readonly left: number
  readonly end: number
  readonly top: number
  readonly base: number
  /** All x that occur, in order. */
  readonly xs: readonly number[]
  readonly isTime: boolean
  readonly ticks: readonly number[]
  /** The x that are written below. */
  readonly marks: readonly number[]
  toX(x: number): number
  toY(y: number): number
  /** Of each series, where it is drawn as a line: the path. */
  readonly lines: readonly string[]
  /** Of each series, where it is drawn as bars. */
  readonly bars: readonly (readonly { x: number; y: number; width: number; height: number }[])[]
}

export function layoutOf({ series, kind, width, height }: Plot): PlotLayout {
  const base = height - bottom
  const end = Math.max(width - right, left + 1)
  const xs = [...new Set(series.flatMap((one) => one.points.map(xOf)))].toSorted((a, b) => a - b)
  const isTime = series.some((one) => one.points.some((point) => point.x instanceof Date))
  const ys = series.flatMap((one) => drawable(one).map((point) => point.y))
  const ticks = ticksOf(Math.min(0, ...ys), Math.max(0, ...ys), 3)
  const toY = linear([ticks[0]!, ticks.at(-1)!], [base, top])

  // Bars stand side by side in equal places, whatever lies between their values.
  const place = (end - left) / Math.max(xs.length, 1)
  const byValue = linear([xs[0] ?? 0, xs.at(-1) ?? 1], [left + 4, end - 4])
  const toX = (x: number) => (kind === 'bar' ? left + place * (xs.indexOf(x) + 0.5) : byValue(x))

  return {
    left,
    end,
    top,
    base,
    xs,
    isTime,
    ticks,
    marks: marksOf(xs, Math.floor((end - left) / (isTime ? 72 : 44))),
    toX,
    toY,
    lines: kind === 'line' ? series.map((one) => pathOf(one, toX, toY)) : [],
    bars: kind === 'bar' ? series.map((one, index) => barsOf(one, index)) : [],
  }

  function barsOf(one: PlotSeries, index: number) {
    const thick = Math.min((place * 0.7) / series.length, 40)
    return drawable(one).map((point) => ({
      x: toX(xOf(point)) - (thick * series.length) / 2 + thick * index,
      y: Math.min(toY(point.y), toY(0)),
      width: Math.max(thick - 1, 1),
      height: Math.abs(toY(point.y) - toY(0)),
    }))
  }
}

export function xOf(point: PlotPoint): number {
  return Number(point.x)
}

function drawable(series: PlotSeries): readonly PlotPoint[] {
  return series.points.filter((point) => Number.isFinite(point.y))
}

function pathOf(series: PlotSeries, toX: (x: number) => number, toY: (y: number) => number): string {
  return drawable(series)
    .toSorted((a, b) => xOf(a) - xOf(b))
    .map((point, index) => `${index === 0 ? 'M' : 'L'}${toX(xOf(point)).toFixed(1)} ${toY(point.y).toFixed(1)}`)
    .join('')
}

/** The first, and then each second, third, … as they fit. */
function marksOf(xs: readonly number[], atMost: number): number[] {
  const each = Math.ceil(xs.length / Math.max(atMost, 1))
  return xs.filter((_, index) => index % each === 0)
}
