import { expect, test } from 'vitest'
import { isAlive, startHolder, supervisorsOf, temporaryProject } from './projects.ts'

const paths = await temporaryProject()

test('processes of one project that start at the same time in an empty directory share one server', async () => {
  const holders = await Promise.all([1, 2, 3].map(() => startHolder(paths)))
  expect(new Set(holders.map(({ report }) => report.pid)).size).toBe(1)
  expect(await supervisorsOf(paths)).toHaveLength(1)
  const [first, ...others] = holders
  await Promise.all(others.map((holder) => holder.end()))
  expect(isAlive(first!.report.pid)).toBe(true)
  await first!.end()
  expect(isAlive(first!.report.pid)).toBe(false)
})

test('a process that starts while another one stops the server gets a new one', async () => {
  let holder = await startHolder(paths)
  for (let round = 0; round < 3; round++) {
    const [next] = await Promise.all([startHolder(paths), holder.end()])
    expect(next.report.error).toBeUndefined()
    expect(isAlive(next.report.pid)).toBe(true)
    holder = next
  }
  await holder.end()
})

test('two projects that start at the same time have a server each', async () => {
  const [one, two] = await Promise.all([startHolder(paths), startHolder(await temporaryProject())])
  expect(one.report.pid).not.toBe(two.report.pid)
  expect(one.report.port).not.toBe(two.report.port)
  await one.end()
  expect(isAlive(two.report.pid)).toBe(true)
  await two.end()
})
