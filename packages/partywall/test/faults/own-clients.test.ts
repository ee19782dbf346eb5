/** A warning about a client that is held for long is for the application: what partywall itself holds is released for certain. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { openRegistry } from '../support/tenants/registry.ts'
import { testDatabase } from '../support/servers/database.ts'
import { unlessPooled } from '../support/servers/route.ts'

const { url } = await testDatabase()

test('a transaction, a session and a held connection of partywall itself cause no warning', async () => {
  const { database, close } = openRegistry(url, { pool: { warnWhenHeldMs: 20 } })
  const warnings: Error[] = []
  const hear = (warning: Error): void => void warnings.push(warning)
  process.on('warning', hear)
  const slow = { text: 'select pg_sleep(0.1)', values: [] }
  await database.transaction((transaction) => transaction.query(slow))
  await database.connections(1, async (connections) => {
    await connections.transaction((transaction) => transaction.query(slow))
    await unlessPooled(connections.session('public', (session) => session.query(slow)))
  })
  const held = await database.holdConnection()
  await sleep(100)
  held.giveBack()
  await held.lost
  await close()
  process.off('warning', hear)
  expect(warnings).toEqual([])
})
