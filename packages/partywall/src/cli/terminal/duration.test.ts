import { expect, test } from 'vitest'
import { formatDuration, parseDuration } from './duration.ts'

test.each([
  ['0', 0],
  ['250', 250],
  ['500ms', 500],
  ['2s', 2000],
  ['1.5s', 1500],
  ['10m', 600_000],
  ['1h', 3_600_000],
])('a duration of %s is %i ms', (text, millis) => expect(parseDuration(text)).toBe(millis))

test.each(['', 's', '-1', '2 s', '2d', '1e3', 'NaN', '٣s', '25d', '1000h'])('the duration %j is refused', (text) => {
  expect(() => parseDuration(text)).toThrow(expect.objectContaining({ code: 'commander.invalidArgument' }))
})

test.each([
  [0, '0 ms'],
  [340.4, '340 ms'],
  [1000, '1 s'],
  [5260, '5.3 s'],
  [9960, '10 s'],
  [59_400, '59 s'],
  [59_600, '1 min 0 s'],
  [200_000, '3 min 20 s'],
  [3_840_000, '1 h 4 min'],
])('a duration of %d ms is shown as %s', (millis, text) => expect(formatDuration(millis)).toBe(text))
