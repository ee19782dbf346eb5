/** Each edit is made in a copy of a schema. It must be reported with its object, and nothing else may be. */
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Blueprint } from '../../src/blueprint/blueprint.ts'
import { readCatalogHash } from '../../src/blueprint/catalog-hash.ts'
import { compareBlueprints } from '../../src/blueprint/compare-blueprints.ts'
import { readFingerprints } from '../../src/blueprint/fingerprints.ts'
import { readBlueprint } from '../../src/blueprint/read-blueprint.ts'
import { testDatabase } from '../support/servers/database.ts'
import { silentEdits } from './edits.ts'
import { structure } from './structure.ts'

const { directUrl } = await testDatabase()
const client = new Client({ connectionString: directUrl })
let original: Blueprint
let major: number

beforeAll(async () => {
  await client.connect()
  for (const schema of ['original', 'copy']) {
    await client.query(`create schema ${schema}; set search_path = ${schema}; ${structure}; reset search_path`)
  }
  original = await readBlueprint(client, 'original')
  const { rows } = await client.query("select current_setting('server_version_num')::int / 10000 as major")
  major = rows[0].major
})
afterAll(() => client.end())

test('two schemas that were made by the same SQL have equal blueprints and fingerprints', async () => {
  const copy = await readBlueprint(client, 'copy')
  expect(copy).toEqual(original)
  expect(compareBlueprints(original, copy)).toEqual([])
  const fingerprints = await readFingerprints(client, ['original', 'copy'])
  expect(fingerprints.get('copy')).toBe(fingerprints.get('original'))
  expect(await readCatalogHash(client, 'copy')).toBe(await readCatalogHash(client, 'original'))
})

test('the hash of the catalogs sees each edit alone', async () => {
  const before = await readCatalogHash(client, 'copy')
  const unseen: string[] = []
  for (const [edit] of silentEdits.flat()) {
    await client.query(`begin; set local search_path = copy; ${edit}`)
    if ((await readCatalogHash(client, 'copy')) === before) unseen.push(edit)
    await client.query('rollback')
  }
  expect(unseen).toEqual([])
})

test('there are at least 120 silent edits, and none is expected to change nothing', () => {
  const edits = silentEdits.flat()
  expect(edits.length).toBeGreaterThanOrEqual(120)
  expect(edits.filter(([, differences]) => differences.length === 0)).toEqual([])
})

test.each(silentEdits.map((group) => ({ first: group[0]![0], group })))(
  'the edits that start with "$first" are reported, each with its object',
  async ({ group }) => {
    await client.query('begin')
    try {
      await client.query(`set local search_path = copy; ${group.map(([edit]) => edit).join(';\n')}`)
      const found = compareBlueprints(original, await readBlueprint(client, 'copy'))
      const expected = group.flatMap(([, differences]) => differences).filter(isKnownTo(major))
      expect(found.map(({ kind, name, property, change }) => `${kind} ${name}: ${property ?? change}`).toSorted()).toEqual(
        expected.toSorted(),
      )
      const fingerprints = await readFingerprints(client, ['original', 'copy'])
      expect(fingerprints.get('copy')).not.toBe(fingerprints.get('original'))
    } finally {
      await client.query('rollback')
    }
  },
)

/** NOT NULL is a constraint with a name since PostgreSQL 18. */
function isKnownTo(version: number): (difference: string) => boolean {
  return (difference) => version >= 18 || !difference.includes('_not_null: ')
}
