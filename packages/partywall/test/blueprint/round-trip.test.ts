/** A structure is read, written as SQL, created in another schema and read there: nothing may differ. */
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compareBlueprints } from '../../src/blueprint/compare-blueprints.ts'
import { readBlueprint } from '../../src/blueprint/read-blueprint.ts'
import { testDatabase } from '../support/servers/database.ts'
import { awkward, sharedObjects } from './awkward.ts'
import { copySchema, makeSchema } from './copies.ts'
import { structure } from './structure.ts'

const { directUrl } = await testDatabase()
const client = new Client({ connectionString: directUrl })
let major: number

beforeAll(async () => {
  await client.connect()
  const { rows } = await client.query("select current_setting('server_version_num')::int / 10000 as major")
  major = rows[0].major
  await client.query(sharedObjects)
})
afterAll(() => client.end())

test.each(Object.entries({ structure: { sql: structure, since: 14 }, ...awkward }))(
  'a copy has the structure of the original: %s',
  async (name, { sql, since }) => {
    if (major < since) return
    const [from, to] = [`from ${name}`.slice(0, 60), `to "${name}`.slice(0, 60)]
    await makeSchema(client, from, sql)
    const { original, copy, rendered } = await copySchema(client, from, to)
    expect(compareBlueprints(original, copy).map(({ sentence }) => sentence)).toEqual([])
    expect(rendered.remarks).toEqual([])
    // What leads from the copy to the original is dropped with it.
    await client.query(`drop schema "${from}" cascade`)
    expect(compareBlueprints(original, await readBlueprint(client, to))).toEqual([])
  },
)
