/** A structure is read, written as SQL, created in another schema and read there: nothing may differ. */
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compareBlueprints } from '../../src/blueprint/compare-blueprints.ts'
import { readFingerprints } from '../../src/blueprint/fingerprints.ts'
import { testDatabase } from '../support/servers/database.ts'
import { awkward } from './awkward.ts'
import { copySchema, makeSchema } from './copies.ts'
import { structure } from './structure.ts'

const { directUrl } = await testDatabase()
const client = new Client({ connectionString: directUrl })
let major: number

beforeAll(async () => {
  await client.connect()
  const { rows } = await client.query("select current_setting('server_version_num')::int / 10000 as major")
  major = rows[0].major
  await client.query('create table public.orders (id integer primary key, note text); create type public.mood as enum ()')
  await client.query('create function public.add(integer, integer) returns integer language sql immutable as $$ select 1 $$')
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
    const fingerprints = await readFingerprints(client, [from, to])
    expect(fingerprints.get(to)).toBe(fingerprints.get(from))
    // What leads from the copy to the original would be dropped with it.
    await client.query(`drop schema "${from}" cascade`)
    expect(compareBlueprints(original, (await copySchema(client, to, `${to} 2`)).copy)).toEqual([])
  },
)
