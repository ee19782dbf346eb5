/** A schema that lacks everything is made by repairs alone, and one in which everything is too much is emptied by them. */
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Blueprint } from '../../src/blueprint/blueprint.ts'
import { compareBlueprints } from '../../src/blueprint/compare-blueprints.ts'
import { readBlueprint } from '../../src/blueprint/read-blueprint.ts'
import { repairsOf } from '../../src/blueprint/repair/repairs.ts'
import { structureAlone } from '../../src/lifecycle/structure/structure-alone.ts'
import { testDatabase } from '../support/servers/database.ts'
import { awkward, sharedObjects } from './awkward.ts'
import { makeSchema } from './copies.ts'
import { structure } from './structure.ts'

const { directUrl } = await testDatabase()
const client = new Client({ connectionString: directUrl })
let major: number

beforeAll(async () => {
  await client.connect()
  const { rows } = await client.query("select current_setting('server_version_num')::int / 10000 as major")
  major = rows[0].major
  await client.query(`${sharedObjects}; create schema nothing`)
})
afterAll(() => client.end())

const read = async (schema: string): Promise<Blueprint> => structureAlone(await readBlueprint(client, schema), [])

/** Views that are others after their first step, and would stay so if the second failed. */
const madeInSteps: Readonly<Record<string, readonly string[]>> = {
  'circles between functions, views and tables': ['view itself', 'view v'],
}

/** From one schema to the other, in a transaction, where no index can be made concurrently. */
async function repair(expected: Blueprint, schema: string): Promise<{ left: string[]; decided: string[] }> {
  const actual = await read(schema)
  const repairs = repairsOf(expected, actual, compareBlueprints(expected, actual), schema)
  await client.query(
    `set local search_path = "${schema.replaceAll('"', '""')}", pg_catalog, pg_temp; set local check_function_bodies = off`,
  )
  for (const { statement, object } of repairs) {
    if (statement === null) continue
    await client.query(statement.replace(/ concurrently\b/i, '')).catch((error: Error) => {
      throw new Error(`${error.message}, for ${object}, in: ${statement}`)
    })
  }
  const left = compareBlueprints(expected, await read(schema)).map(({ sentence }) => sentence)
  // Rights on the schema itself are decided by a person.
  const decided = repairs.filter(
    ({ isAdditive, object }) => !isAdditive && object !== 'schema' && !object.startsWith('default privileges'),
  )
  return { left, decided: decided.map(({ object }) => object) }
}

test.each(Object.entries({ structure: { sql: structure, since: 14 }, ...awkward }))(
  'repairs make a schema from nothing, and nothing from a schema: %s',
  async (name, { sql, since }) => {
    if (major < since) return
    await client.query('begin')
    try {
      const schema = `from ${name}`.slice(0, 60)
      await makeSchema(client, schema, sql)
      const nothing = await read('nothing')
      const { left, decided } = await repair(await read(schema), 'nothing')
      expect(left).toEqual([])
      // Up to PostgreSQL 15 every view depends on itself, and a recursive one has its own name in its query.
      if (major >= 16) expect([...new Set(decided)]).toEqual(madeInSteps[name] ?? [])
      expect((await repair(nothing, schema)).left).toEqual([])
    } finally {
      await client.query('rollback')
    }
  },
)
