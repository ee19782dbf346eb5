/** The attacker changes where unqualified names lead. */
import { group, promises, type Outcome } from './attack.ts'
import { hostile } from './hostile.ts'
import { held, notHeld, refusedBy, shows, unknownTable } from './judging.ts'
import type { ThrowAway, World } from './world.ts'

const { everywhere, fromRole } = promises

export const searchPath = group('search-path', [
  hostile({
    name: 'set',
    title: 'set the search path of the session, then read by an unqualified name',
    promise: everywhere,
    sql: ({ sibling }) => [`set search_path = ${sibling.sql}`, 'select secret from notes'],
  }),
  hostile({
    name: 'set-in-transaction',
    title: 'set the search path in a transaction, then read by an unqualified name',
    promise: everywhere,
    isRolledBack: true,
    sql: ({ sibling }) => [`set local search_path = ${sibling.sql}`, 'select secret from notes'],
  }),
  hostile({
    name: 'set-config',
    title: 'set the search path by set_config, then read by an unqualified name',
    promise: everywhere,
    sql: ({ sibling }) => [`select set_config('search_path', '${sibling.sql}', false)`, 'select secret from notes'],
  }),
  hostile({
    name: 'one-text',
    title: 'set the search path and read, in one text of two statements',
    promise: fromRole,
    alsoHeld: unknownTable,
    sql: ({ sibling }) => `set local search_path = ${sibling.sql}; select secret from notes`,
  }),
  hostile({
    name: 'update-settings',
    title: 'set the search path by an update of pg_settings, then read by an unqualified name',
    promise: everywhere,
    isRolledBack: true,
    sql: ({ sibling }) => [
      `update pg_settings set setting = '${sibling.sql}' where name = 'search_path'`,
      'select secret from notes',
    ],
  }),
  hostile({
    name: 'update-settings-in-text',
    title: 'set the search path by an update of pg_settings and read, in one text of two statements',
    promise: fromRole,
    alsoHeld: unknownTable,
    sql: ({ sibling }) =>
      `update pg_settings set setting = '${sibling.sql}' where name = 'search_path'; select secret from notes`,
  }),
  hostile({
    name: 'text-in-text',
    title: 'set the search path and run a query that is given as text, in one statement',
    promise: fromRole,
    alsoHeld: unknownTable,
    sql: ({ sibling }) => `
      select query_to_xml('select secret from notes', true, true, '')::text
      from (select set_config('search_path', '${sibling.sql}', true) offset 0) as changed`,
  }),
  hostile({
    name: 'of-role',
    title: 'give the role of the connection another search path for later sessions',
    promise: fromRole,
    success: 'runs',
    // A role that logs in itself may change its own sessions, which no other tenant has: then the second text divides by zero.
    alsoHeld: ['22012'],
    sql: ({ mine, sibling }) => [
      `alter role session_user set search_path = ${sibling.sql}`,
      `select 1 / (session_user <> '${mine.role}')::int`,
    ],
  }),
  {
    name: 'missing-schema',
    title: 'reach the shared schema because the schema of the tenant is missing',
    promise: everywhere,
    heldBy: 'the binding, which fails for a schema that is missing',
    run: (world) => whileMoved(world, false, 'it ran although the schema of its tenant is missing'),
  },
  {
    name: 'swapped-schema',
    title: 'reach another schema that was given the name of the schema of the tenant',
    promise: everywhere,
    heldBy: 'the binding, which compares the schema with the one that was looked up',
    run: (world) => whileMoved(world, true, 'it ran in another schema of the same name'),
  },
])

/** Queries for the third tenant while its schema has another name. */
async function whileMoved(world: World, isReplaced: boolean, seen: string): Promise<Outcome> {
  const { owner, other, sibling } = world
  // The name still shows a later run what it is.
  const moved = world.spareSchema
  await owner.query({ text: `alter schema ${other.sql} rename to ${moved}` })
  try {
    if (isReplaced) await replace(world, other, sibling)
    const rows = await world.run(other, () => world.one.query(isReplaced ? 'select secret from notes' : 'select 1 as one'))
    return notHeld(shows(rows.rows, sibling) ? 'it read what belongs to the other tenant' : seen)
  } catch (error) {
    const outcome = refusedBy(error)
    return outcome.state === 'held' ? held(outcome.by) : outcome
  } finally {
    if (isReplaced) await owner.query({ text: `drop schema if exists ${other.sql} cascade` })
    await owner.query({ text: `alter schema ${moved} rename to ${other.sql}` })
  }
}

async function replace({ owner }: World, { sql, role }: ThrowAway, sibling: ThrowAway): Promise<void> {
  await owner.query({ text: `create schema ${sql}` })
  await owner.query({ text: `create table ${sql}.notes as select * from ${sibling.sql}.notes` })
  if (role === 'none') return
  await owner.query({ text: `grant usage on schema ${sql} to ${role}` })
  await owner.query({ text: `grant select on ${sql}.notes to ${role}` })
}
