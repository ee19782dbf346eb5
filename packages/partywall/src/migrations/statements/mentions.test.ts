import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { alwaysDatabaseWide, sometimesDatabaseWide } from './database-wide.ts'
import { loadGrammar } from './grammar.ts'
import { mentionsOf, statementsWithTargets } from './mentions.ts'

const grammar = await loadGrammar()

/** Kinds of statements that name nothing outside of rows, or whose names are found wherever they stand. */
const others = (
  'SelectStmt InsertStmt UpdateStmt DeleteStmt MergeStmt CopyStmt LockStmt CallStmt ExplainStmt ' +
  'DoStmt PrepareStmt ExecuteStmt DeallocateStmt DeclareCursorStmt FetchStmt ClosePortalStmt ' +
  'TransactionStmt VariableSetStmt VariableShowStmt ConstraintsSetStmt DiscardStmt ListenStmt UnlistenStmt NotifyStmt ' +
  // Parts of other nodes.
  'RawStmt ReturnStmt PLAssignStmt SetOperationStmt ReplicaIdentityStmt'
).split(' ')

test('the review knows every kind of statement of the grammar', async () => {
  const types = await readFile(
    fileURLToPath(new URL('../../@pgsql/types/types.d.ts', import.meta.resolve('libpg-query'))),
    'utf8',
  )
  const kinds = new Set([...types.matchAll(/interface (\w+Stmt)\b/g)].map(([, kind]) => kind!))
  expect(kinds.size).toBeGreaterThan(110)
  const known = [...statementsWithTargets, ...alwaysDatabaseWide, ...sometimesDatabaseWide, ...others]
  expect([...kinds].filter((kind) => !known.includes(kind))).toEqual([])
  expect(known.filter((kind) => !kinds.has(kind))).toEqual([])
})

test.each([
  ['create table a.b (c d.e references f.g, h int constraint i unique)', 'create a.b, create i, refer d.e, refer f.g'],
  ['alter table a rename to b', 'drop a, create b, change a'],
  ['alter table a rename column c to d', 'change a'],
  ['drop trigger t on a.b', 'change a.b'],
  ['drop function f(int), g.h(a.b)', 'drop f, drop g.h, refer a.b'],
  ['with x as (insert into a values (1) returning *) select * from x', 'write a'],
  ['update a set b = c.d.e', 'write a, refer c.d'],
  ['create temp table a (b int)', 'refer a'],
  ['select * into a from b', 'create a, refer b'],
  ['create trigger t before insert on a execute function b.c()', 'change a, refer b.c'],
  ['alter sequence a owned by b.c.d', 'change a, refer b.c'],
  ['grant select on a, b.c to d', 'change a, change b.c'],
  ['comment on constraint c on domain a.b is null', 'change a.b'],
])('the names in: %s', (statement, expected) => {
  const seen = mentionsOf(grammar.parse(statement)!).map(
    ({ use, schema, name }) => `${use} ${schema === undefined ? '' : `${schema}.`}${name}`,
  )
  const strongest = seen.filter(
    (one) => !one.startsWith('refer') || !seen.some((other) => other !== one && other.endsWith(one.slice(5))),
  )
  expect([...new Set(strongest)].filter((one) => !/pg_catalog|refer =/.test(one)).join(', ')).toBe(expected)
})
