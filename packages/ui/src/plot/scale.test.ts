import { expect, it } from 'vitest'
import { linear, ticksOf } from './scale.ts'

it('takes round steps that enclose the values', () => {
  expect(ticksOf(0, 87, 4)).toEqual([0, 50, 100])
  expect(ticksOf(0, 80, 4)).toEqual([0, 20, 40, 60, 80])
  expect(ticksOf(0, 0.3, 3)).toEqual([0, 0.1, 0.2, 0.3])
  expect(ticksOf(-3, 9, 4)).toEqual([-5, 0, 5, 10])
})

it('has an axis where all values are the same, or none is a number', () => {
  expect(ticksOf(0, 0, 4)).toEqual([0, 1])
  expect(ticksOf(7, 7, 4)[0]).toBeLessThanOrEqual(7)
  expect(ticksOf(7, 7, 4).at(-1)).toBeGreaterThan(7)
  expect(ticksOf(Number.NaN, 1, 4)).toEqual([0, 1])
  expect(ticksOf(Infinity, -Infinity, 4)).toEqual([0, 1])
})

it('maps values to pixels, also where the range is empty', () => {
  expect(linear([0, 10], [100, 0])(5)).toBe(50)
  expect(linear([3, 3], [0, 100])(3)).toBe(0)
})
