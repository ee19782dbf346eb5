/** Every edit of a schema is undone by the statements that its differences give. What is additive alone loses nothing. */
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Blueprint } from '../../src/blueprint/blueprint.ts'
import type { BlueprintDifference } from '../../src/blueprint/blueprint-difference.ts'
import { compareBlueprints } from '../../src/blueprint/compare-blueprints.ts'
import { readBlueprint } from '../../src/blueprint/read-blueprint.ts'
import type { Repair } from '../../src/blueprint/repair/repair.ts'
import { repairsOf } from '../../src/blueprint/repair/repairs.ts'
import { structureAlone } from '../../src/lifecycle/structure/structure-alone.ts'
import { driftEdits, editOf } from '../lifecycle/drift-edits.ts'
import { testDatabase } from '../support/servers/database.ts'
import { structure } from './structure.ts'
import { otherEdits } from './repair-edits.ts'

const { directUrl } = await testDatabase()
const client = new Client({ connectionString: directUrl })
let major: number
let expected: Blueprint

const textSearch = `
  create text search dictionary plain_words (template = simple);
  create text search configuration words (copy = simple);
  alter text search configuration words alter mapping for word with plain_words, simple`
const rows = `
  insert into customers (email, home) values ('a@example.com', '("a street",1)'), (null, null); update customers set name = 'number ' || id;
  insert into orders (customer_id, total, status) values (1, 20, 'open'), (2, 30, 'done');
  insert into events values (1, '2026-05-01', 'x');
  refresh materialized view totals`

beforeAll(async () => {
  await client.connect()
  await client.query(`create schema copy; set search_path = copy; ${structure}; ${textSearch}; ${rows}`)
  await client.query(`alter table copy.orders add column "much more" text, alter column "much more" set storage external`)
  expected = await read()
  const { rows: versions } = await client.query("select current_setting('server_version_num')::int / 10000 as major")
  major = versions[0].major
})
afterAll(() => client.end())
beforeEach(() => client.query('begin; set local search_path = copy, pg_catalog, pg_temp; set local check_function_bodies = off'))
afterEach(() => client.query('rollback'))

const read = async (): Promise<Blueprint> => structureAlone(await readBlueprint(client, 'copy'), [])
const wordsOf = (before: Blueprint, after: Blueprint): string[] =>
  compareBlueprints(before, after).map(({ kind, name, property, change }) => `${kind} ${name}: ${property ?? change}`.trim())

/** In a transaction, where no index can be made concurrently. */
async function run(repairs: readonly Repair[]): Promise<void> {
  for (const { statement } of repairs) {
    if (statement === null) continue
    await client.query(statement.replace(/ concurrently\b/i, '')).catch((error: Error) => {
      throw new Error(`${error.message}, in: ${statement}`)
    })
  }
}

const cases = [
  // The history of the migrations is not in this schema.
  ...driftEdits.map((group) => ({
    edits: group.map((edit) => editOf(edit, 'copy')).filter((edit) => !edit.includes('partywall_migrations')),
    since: 14,
  })),
  ...otherEdits.map(({ edit, since = 14 }) => ({ edits: [edit], since })),
].map((one) => ({ first: one.edits[0]!, ...one }))

test.each(cases)('all repairs together undo the edits that start with "$first"', async ({ edits, since }) => {
  if (major < since) return
  for (const edit of edits) await client.query(edit)
  const actual = await read()
  const repairs = repairsOf(expected, actual, compareBlueprints(expected, actual), 'copy')
  await run(repairs)
  const byHand = repairs.filter(({ statement }) => statement === null).map(({ object }) => object)
  const left = wordsOf(expected, await read())
  expect(left.filter((words) => !isByHand(words, byHand) && !isPlace(words))).toEqual([])
})

test.each(cases)('additive repairs alone lose nothing that the edits left that start with "$first"', async ({ edits, since }) => {
  if (major < since) return
  for (const edit of edits) await client.query(edit)
  const actual = await read()
  const repairs = repairsOf(expected, actual, compareBlueprints(expected, actual), 'copy')
  const before = await countRows(actual)
  await runAlone(repairs.filter(({ isAdditive }) => isAdditive))
  const after = await read()
  const changes = compareBlueprints(actual, after)
  const lost = changes.filter((one) => one.change === 'missing' || !(mayBeTuned.has(one.property ?? 'extra') || isTuned(one)))
  expect(lost.map(({ sentence }) => sentence)).toEqual([])
  expect(await countRows(actual)).toEqual(before)
})

/** A repair that needs one that is not additive fails, as with `--fix`. */
async function runAlone(repairs: readonly Repair[]): Promise<void> {
  for (const repair of repairs) {
    await client.query('savepoint one')
    await run([repair]).catch(() => client.query('rollback to savepoint one'))
  }
}

async function countRows({ relations }: Blueprint): Promise<unknown> {
  const tables = relations.filter(({ kind }) => kind === 'table').map(({ name }) => name)
  const counts = tables.map((name) => `select '${name}', count(*)::int from copy.${name}`)
  return (await client.query({ text: counts.join(' union all '), rowMode: 'array' })).rows
}

/** NOT NULL is added to a column, the parameters of an index are set, and a constraint is validated. */
function isTuned({ property, expected: before, actual: after }: BlueprintDifference): boolean {
  return property === 'notNull' ? after === true : property === 'definition' && bare(before) === bare(after)
}

function bare(definition: unknown): string {
  return String(definition).replace(/ NOT VALID$| WITH \([^)]*\)/, '')
}

/** What additive repairs change of an object that is there. */
const mayBeTuned = new Set([
  'extra',
  'comment',
  'labels',
  'attributes',
  'columns',
  'storage',
  'statistics',
  'compression',
  'options',
  'toastOptions',
  'enabled',
  'alteredTriggers',
  'validated',
  'valid',
  'target',
])

test.each([
  ['alter table customers drop column home, add column home address', 'table customers'],
  ['drop table base cascade; create table base (id integer, kind text) partition by range (id)', 'table base'],
  ['alter table orders alter column doubled drop expression', 'column orders.doubled'],
  [`alter type mood add value 'angry'`, 'enum mood'],
  [
    'alter table customers alter column score type integer; drop domain positive; create domain positive as bigint; alter table customers alter column score type positive',
    'domain positive',
  ],
  ['alter type address rename to former; create type address as (zip varchar(10), street text)', 'composite type address'],
])('PostgreSQL has no statement that undoes "%s", so it is left to a person', async (edit, object) => {
  await client.query(edit)
  const actual = await read()
  const repairs = repairsOf(expected, actual, compareBlueprints(expected, actual), 'copy')
  expect(repairs.filter(({ statement }) => statement === null).map((repair) => repair.object)).toContain(object)
})

/** Whatever is repaired by hand is a row of the table in docs/drift.md. */
function isByHand(words: string, objects: readonly string[]): boolean {
  return objects.some((object) => words.startsWith(`${object}: `))
}

/** A column that is added gets the last place, and one of a child that inherits again has been declared there, too. */
function isPlace(words: string): boolean {
  return /^table [^.]*: columns$/.test(words) || /^column .*: local$/.test(words)
}
