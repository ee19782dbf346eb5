/** Every attack bites: one that is held somewhere succeeds where the thing that holds it is missing. */
import { afterAll, expect, test } from 'vitest'
import { attacks } from '../../src/attack/attacks.ts'
import { dropThrowAways, makeThrowAways, newIds } from '../../src/attack/throw-away.ts'
import { schemaOf } from '../../src/attack/throw-away-names.ts'
import { createTenancy, databaseOf } from '../../src/tenancy.ts'
import { testDatabase } from '../support/servers/database.ts'
import { naivePoolsThatFail } from './naive-tenancies.ts'

const { url } = await testDatabase()
const tenancy = createTenancy({ database: url })
await tenancy.ready()
const owner = databaseOf(tenancy).deploy
const parts = { owner, kind: 'default', sharedSchema: 'public', give: async () => {}, roleOf: () => 'none' }
const ids = newIds()
const made = await makeThrowAways(parts, ids)
const surroundings = { ...made, owner, ownerRole: 'current_user', spareSchema: schemaOf(ids[3]!) }
afterAll(async () => {
  await dropThrowAways(parts, ids)
  await tenancy.close()
})

const heldByAll = attacks.filter(({ promisedBy }) => promisedBy.path === 'holds')

test('every attack that each boundary promises to hold succeeds against a naive tenancy', async () => {
  expect(heldByAll.length).toBeGreaterThan(40)
  const without: string[] = []
  for (const attack of heldByAll) {
    if ((await naivePoolsThatFail(attack, surroundings, url)).length === 0) without.push(attack.id)
  }
  expect(without).toEqual([])
}, 60_000)
