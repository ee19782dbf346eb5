import { expect, it } from 'vitest'
import { layoutOf } from './layout.ts'

const size = { width: 300, height: 130 }

it('leaves out what is no number, and keeps the rest in order', () => {
  const points = [
    { x: 2, y: 10 },
    { x: 1, y: Number.NaN },
    { x: 0, y: 0 },
  ]
  const { xs, lines } = layoutOf({ series: [{ label: 'a', points }], kind: 'line', ...size })
  expect(xs).toEqual([0, 1, 2])
  expect(lines).toEqual(['M48.0 108.0L288.0 8.0'])
})

it('draws bars of several series side by side, and those below zero from the axis down', () => {
  const series = [3, -3].map((y) => ({ label: String(y), points: [{ x: 7, y }] }))
  const { bars, toY, base } = layoutOf({ series, kind: 'bar', ...size })
  expect(bars[0]![0]!.x + bars[0]![0]!.width).toBeLessThan(bars[1]![0]!.x)
  expect(bars[1]![0]!.y).toBe(toY(0))
  expect(bars[1]![0]!.y + bars[1]![0]!.height).toBeLessThanOrEqual(base)
})

it('writes no more values below than fit, at equal distances', () => {
  const points = Array.from({ length: 200 }, (_, x) => ({ x, y: x }))
  const { marks } = layoutOf({ series: [{ label: 'a', points }], kind: 'line', ...size })
  expect(marks.length).toBeLessThanOrEqual(6)
  expect(marks.slice(0, 3)).toEqual([0, 40, 80])
})

it('has a layout for nothing at all', () => {
  expect(layoutOf({ series: [], kind: 'line', width: 0, height: 0 }).marks).toEqual([])
})
