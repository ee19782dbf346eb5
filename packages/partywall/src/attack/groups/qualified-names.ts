/** The attacker writes the name of the other tenant's schema in front of a table. */
import { group, promises } from './attack.ts'
import { hostile } from './hostile.ts'
import { held, notHeld, refusedBy } from './judging.ts'
import type { World } from './world.ts'

const { fromRole } = promises

export const qualifiedNames = group('qualified-names', [
  hostile({
    name: 'select',
    title: 'read a table of another tenant by its qualified name',
    promise: fromRole,
    sql: ({ sibling }) => `select secret from ${sibling.sql}.notes`,
  }),
  hostile({
    name: 'join',
    title: "join a table of another tenant with the tenant's own",
    promise: fromRole,
    sql: ({ sibling }) => `select theirs.secret from notes as mine join ${sibling.sql}.notes as theirs using (id)`,
  }),
  hostile({
    name: 'returning',
    title: 'read a table of another tenant by a write that returns what it changes',
    promise: fromRole,
    sql: ({ sibling }) =>
      `with changed as (update ${sibling.sql}.notes set added = 0 returning secret) select secret from changed`,
  }),
  hostile({
    name: 'update',
    title: 'change rows of another tenant',
    promise: fromRole,
    success: 'writes',
    sql: ({ sibling }) => `update ${sibling.sql}.notes set added = 4711`,
  }),
  hostile({
    name: 'insert',
    title: 'add rows to a table of another tenant',
    promise: fromRole,
    success: 'writes',
    sql: ({ sibling }) => `insert into ${sibling.sql}.notes (id) values (4711)`,
  }),
  hostile({
    name: 'delete',
    title: 'delete rows of another tenant',
    promise: fromRole,
    success: 'writes',
    sql: ({ sibling }) => `delete from ${sibling.sql}.notes`,
  }),
  hostile({
    name: 'truncate',
    title: 'empty a table of another tenant',
    promise: fromRole,
    success: 'runs',
    sql: ({ sibling }) => `truncate ${sibling.sql}.notes`,
  }),
  hostile({
    name: 'lock-rows',
    title: 'lock rows of another tenant',
    promise: fromRole,
    success: 'runs',
    sql: ({ sibling }) => `select 1 from ${sibling.sql}.notes for update`,
  }),
  hostile({
    name: 'lock-table',
    title: 'lock a table of another tenant',
    promise: fromRole,
    success: 'runs',
    sql: ({ sibling }) => `lock table ${sibling.sql}.notes in access exclusive mode nowait`,
  }),
  {
    name: 'copy',
    title: 'copy a table of another tenant to the client',
    promise: fromRole,
    run: async (world) => copied(world),
  },
  hostile({
    name: 'sequence',
    title: 'take numbers from a sequence of another tenant',
    promise: fromRole,
    sql: ({ sibling }) => `select nextval('${sibling.sql}.tickets')::text as number`,
  }),
  hostile({
    name: 'sequence-state',
    title: 'read the last number of a sequence of another tenant',
    promise: fromRole,
    sql: ({ sibling }) => `select last_value::text from ${sibling.sql}.tickets`,
  }),
  hostile({
    name: 'sequence-restart',
    title: 'set a sequence of another tenant back',
    promise: fromRole,
    success: 'runs',
    sql: ({ sibling }) => `select setval('${sibling.sql}.tickets', 1)`,
  }),
  hostile({
    name: 'view',
    title: 'read a view of another tenant',
    promise: fromRole,
    sql: ({ sibling }) => `select secret from ${sibling.sql}.secrets`,
  }),
  hostile({
    name: 'function',
    title: 'call a function of another tenant',
    promise: fromRole,
    sql: ({ sibling }) => `select ${sibling.sql}.whose()`,
  }),
  hostile({
    name: 'explain',
    title: 'count rows of another tenant by the estimate of EXPLAIN',
    promise: fromRole,
    success: 'runs',
    sql: ({ sibling }) => `explain select * from ${sibling.sql}.notes`,
  }),
  hostile({
    name: 'error-message',
    title: 'read a value of another tenant out of an error message',
    promise: fromRole,
    sql: ({ sibling }) => `select secret::integer from ${sibling.sql}.notes`,
  }),
])

/** node-postgres drops the rows of COPY; their number shows that they came. */
async function copied(world: World): ReturnType<(typeof qualifiedNames)[number]['run']> {
  try {
    const { rowCount } = await world.run(world.mine, () =>
      world.one.query(`copy (select secret from ${world.sibling.sql}.notes) to stdout`),
    )
    return (rowCount ?? 0) > 0 ? notHeld('it copied rows of the other tenant') : held('it found no rows')
  } catch (error) {
    return refusedBy(error)
  }
}
