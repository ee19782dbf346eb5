import { expect, test } from 'vitest'
import { WaitingTenants } from './waiting-tenants.ts'

const waiters = (...roles: string[]) => roles.map((role, number) => ({ role, number }))

test('tenants take turns, however many callers one of them has', () => {
  const waiting = new WaitingTenants<{ role: string; number: number }>()
  for (const waiter of waiters('a', 'a', 'a', 'b', 'c', 'c')) waiting.add(waiter)
  const order: string[] = []
  for (let next = waiting.first(); next !== undefined; next = waiting.first()) {
    waiting.served(next)
    order.push(`${next.role}${next.number}`)
  }
  expect(order).toEqual(['a0', 'b3', 'c4', 'a1', 'c5', 'a2'])
  expect(waiting.size).toBe(0)
})

test('a caller that gives up does not change the turns of the others', () => {
  const waiting = new WaitingTenants<{ role: string; number: number }>()
  const [a, b, another] = waiters('a', 'b', 'b')
  for (const waiter of [a!, b!, another!]) waiting.add(waiter)
  waiting.remove(b!)
  waiting.remove(b!)
  expect(waiting.first()).toBe(a)
  waiting.remove(a!)
  expect(waiting.first()).toBe(another)
  expect(waiting.drain()).toEqual([another])
  expect(waiting.first()).toBeUndefined()
})
