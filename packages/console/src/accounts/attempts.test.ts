import { expect, test } from 'vitest'
import { Attempts } from './attempts.ts'

test('an attempt is refused after too many failures, until the time is over, and another key is not', () => {
  const attempts = new Attempts(2, 1000)
  attempts.failed('ann', 0)
  expect(attempts.isOver('ann', 1)).toBe(false)
  attempts.failed('ann', 1)
  expect([attempts.isOver('ann', 2), attempts.isOver('bob', 2)]).toEqual([true, false])
  expect(attempts.isOver('ann', 1001)).toBe(false)
})

test('an attempt that was no failure is taken back', () => {
  const attempts = new Attempts(2, 1000)
  attempts.failed('ann', 0)
  attempts.failed('ann', 0)
  attempts.takeBack('ann')
  attempts.takeBack('bob')
  expect(attempts.isOver('ann', 1)).toBe(false)
})

test('a success clears the count, and the memory is bounded', () => {
  const attempts = new Attempts(1, 1000)
  attempts.failed('ann', 0)
  attempts.succeeded('ann')
  expect(attempts.isOver('ann', 1)).toBe(false)
  attempts.failed('first', 0)
  for (let number = 0; number < 10_000; number++) attempts.failed(String(number), 0)
  expect([attempts.isOver('first', 1), attempts.isOver('9999', 1)]).toEqual([false, true])
})
