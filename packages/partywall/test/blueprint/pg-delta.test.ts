/**
 * pg-delta as a second judge, for servers that are newer than the installed pg_dump. It reads the catalog with queries of its own. It knows nothing
 * of extended statistics, statistics targets and text search; those are compared by reading the copy again.
 */
import { diff, extract, type Delta, type FactBase } from '@supabase/pg-delta'
import { Client, Pool } from 'pg'
import { expect, test } from 'vitest'
import { testDatabase } from '../support/servers/database.ts'
import { copyAwkwardSchemas } from './awkward-copies.ts'

test(
  'pg-delta finds no difference between schemas and their copies in another database',
  { timeout: 60_000 },
  async ({ skip }) => {
    const [first, second] = [await testDatabase(), await testDatabase()]
    const [original, copy] = [new Client(first.directUrl), new Client(second.directUrl)]
    const pools = [new Pool({ connectionString: first.directUrl }), new Pool({ connectionString: second.directUrl })] as const
    try {
      await Promise.all([original.connect(), copy.connect()])
      const { rows } = await original.query("select current_setting('server_version_num')::int / 10000 as major")
      const [{ major }] = rows
      if (major < 18) skip('pg_dump is the judge of older servers')
      await copyAwkwardSchemas(original, copy, major)
      const [{ factBase: expected }, { factBase: found }] = [await extract(pools[0]), await extract(pools[1])]
      expect(expected.facts().length).toBeGreaterThan(800)
      expect(differences(expected, found)).toEqual([])
      await copy.query('alter table "from structure".orders alter column status set default 7')
      expect(differences(expected, (await extract(pools[1])).factBase)).not.toEqual([])
    } finally {
      await Promise.all([original.end(), copy.end(), ...pools.map((pool) => pool.end())])
    }
  },
)

/** Roles and their settings belong to the server, and other test files make some meanwhile. */
function differences(expected: FactBase, found: FactBase): Delta[] {
  return diff(expected, found).filter((delta) => !['role', 'membership'].includes(subjectOf(delta).kind))
}

function subjectOf(delta: Delta): { readonly kind: string } {
  if (delta.verb === 'set') return delta.id
  return 'fact' in delta ? delta.fact.id : delta.edge.from
}
