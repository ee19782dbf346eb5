import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { inEveryState } from '../faults/in-every-state.ts'
import { prepareStates } from '../faults/states.ts'
import { testDatabase } from '../support/servers/database.ts'
import { startPgBouncer } from '../support/servers/pgbouncer.ts'
import { comesToRest, isLoss, within } from '../support/pools/rest.ts'
import { twoTenantsOn } from '../support/tenants/two-tenants.ts'

const { directUrl } = await testDatabase()
const pooler = await startPgBouncer(directUrl)
afterAll(() => pooler.stop())
const tenants = await twoTenantsOn({ url: pooler.through(directUrl), directUrl })
const { a, b, scope, makePool, admin } = tenants
await prepareStates(admin)

const owner = 'select owner from items where id = 1'

test('a restart of the pooler ends the work in every state at once, and all callers are served afterwards', async () => {
  await pooler.resize(40)
  await inEveryState(tenants, { end: () => pooler.restart(), isBoundToSession: true })
})

test('a restart of the pooler costs an idle client one error at most, and no row is wrong', async () => {
  const pool = makePool({ max: 4 })
  for (let round = 0; round < 5; round++) {
    await comesToRest(pool, tenants)
    await pooler.restart()
    if (round % 2 === 0) await sleep(20)
    const asked = [a, b, a, b, a, b]
    const answers = await within(5000, Promise.allSettled(asked.map((tenant) => scope.run(tenant, () => pool.query(owner)))))
    for (const [index, answer] of answers.entries()) {
      if (answer.status === 'fulfilled') expect(answer.value.rows).toEqual([{ owner: asked[index]!.schema }])
      else if (!isLoss(answer.reason)) throw answer.reason
    }
  }
  await comesToRest(pool, tenants)
})

test('a transaction whose client was lost with the pooler is ended by the server', async () => {
  const pool = makePool({ max: 1 })
  await scope.run(a, async () => {
    const client = await pool.connect()
    await client.query('begin')
    await client.query(`update items set note = 'lost' where id = 2`)
    await pooler.restart()
    await expect(client.query('commit')).rejects.toThrow(/terminat|not queryable/i)
    client.release()
  })
  await comesToRest(pool, tenants)
  // The row is free: its lock was released.
  await within(
    5000,
    scope.run(a, () => pool.query(`update items set note = 'kept' where id = 2`)),
  )
  expect((await admin.query('select note from tenant_a.items where id = 2')).rows).toEqual([{ note: 'kept' }])
})
