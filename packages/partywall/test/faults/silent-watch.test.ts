/** A watch whose connection goes silent, as when a network device drops it: it is noticed although the socket shows no error. */
import { expect, onTestFinished, test, vi } from 'vitest'
import { changesChannel, changesSinceSql } from '../../src/catalog/tenants/changes-sql.ts'
import { ChangeWatch } from '../../src/database/watch/change-watch.ts'
import { testDatabase } from '../support/servers/database.ts'
import { relayForTest } from '../support/servers/relay.ts'
import { openRegistry } from '../support/tenants/registry.ts'

const { url, directUrl } = await testDatabase()
const { catalog, close } = openRegistry(directUrl)
await catalog.ready()
await close()

test('a silent connection ends the period when trustMs is over, is replaced, and the watch goes on', async () => {
  const relay = await relayForTest(url)
  const seen: string[] = []
  const rhythm = { everyMs: { listen: 50, poll: 50 }, trustMs: { listen: 300, poll: 300 }, answerMs: 2000 }
  const watch = new ChangeWatch(
    {
      channel: changesChannel,
      ready: () => Promise.resolve(),
      changesSince: changesSinceSql,
      onChange: () => {},
      onWatching: () => void seen.push('watching'),
      onLost: (_, reason) => void seen.push(reason),
    },
    () => Promise.resolve({ connectionString: relay.url }),
    (fn) => fn(),
    rhythm,
  )
  onTestFinished(() => watch.close())
  await vi.waitFor(() => expect(watch.period()).toBeDefined(), 5000)
  const period = watch.period()
  relay.silence = 'at once'
  await vi.waitFor(() => expect(watch.period()).toBeUndefined(), { timeout: 5000, interval: 5 })
  // The period is over before the connection counts as lost.
  expect(seen).toEqual(['watching'])
  await vi.waitFor(() => expect(seen).toEqual(['watching', 'The server has not answered for 2000 ms.']), 10_000)
  relay.silence = 'never'
  await vi.waitFor(() => expect(watch.period()).toBeDefined(), 5000)
  expect(watch.period()).not.toBe(period)
  expect(seen.at(-1)).toBe('watching')
})

test('a watch that is closed while it connects opens no connection again', async () => {
  const relay = await relayForTest(url)
  relay.silence = 'at once'
  const lost = vi.fn<() => void>()
  const watch = new ChangeWatch(
    {
      channel: changesChannel,
      ready: () => Promise.resolve(),
      changesSince: changesSinceSql,
      onChange: () => {},
      onWatching: () => {},
      onLost: lost,
    },
    () => Promise.resolve({ connectionString: relay.url }),
    (fn) => fn(),
  )
  expect(watch.period()).toBeUndefined()
  await vi.waitFor(() => expect(relay.opened).toBe(1), 5000)
  await watch.close()
  expect(watch.period()).toBeUndefined()
  // Longer than the pause before a first retry.
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(lost).not.toHaveBeenCalled()
  expect(relay.opened).toBe(1)
})
