/** What the tenants have in common: views and functions of the application in the shared schema, its tables, and the catalog. */
import { sqlStateOf } from '../../sql/sqlstate.ts'
import { group, promises, type Outcome } from './attack.ts'
import { hostile } from './hostile.ts'
import { held, notHeld, notTried, refusedBy, shows } from './judging.ts'
import type { SharedObjects, World } from './world.ts'

const { fromRole, never, onlyLogin } = promises

const needsShared = ({ shared }: World): Promise<Outcome | undefined> =>
  Promise.resolve(shared === undefined ? notTried('the role of the connection may not create in the shared schema') : undefined)

const inShared =
  (sql: (shared: SharedObjects) => string) =>
  (world: World): string =>
    sql(world.shared!)

export const sharedSchema = group('shared-schema', [
  hostile({
    name: 'view',
    title: 'read a view of the shared schema that your own code made over a table of one tenant',
    promise: { ...never, wouldHold: 'no such view; or one with security_invoker, from PostgreSQL 15 on' },
    prepare: needsShared,
    sql: inShared(({ view }) => `select secret from ${view}`),
  }),
  {
    name: 'row-type',
    title: "call a PL/pgSQL function of the shared schema that has a variable of a tenant's table type, after another tenant",
    promise: {
      ...onlyLogin,
      wouldHold: "variables of the type record, or the function in the tenants' migrations; or boundary: 'login'",
    },
    run: rowType,
  },
  {
    name: 'shared-scope',
    title: 'read a tenant by its qualified name from the scope of the shared schema',
    promise: fromRole,
    isOfSharedScope: true,
    run: async ({ runShared, one, sibling }) => {
      try {
        const { rows } = await runShared(() => one.query(`select secret from ${sibling.sql}.notes`))
        return shows(rows, sibling) ? notHeld('it read what belongs to the tenant') : held('it found no rows')
      } catch (error) {
        return refusedBy(error)
      }
    },
  },
  hostile({
    name: 'insert',
    title: 'write into a table of the shared schema',
    promise: { ...fromRole, heldBy: 'the option shared.grants, which lists what tenants may write' },
    prepare: needsShared,
    success: 'runs',
    sql: inShared(({ table }) => `insert into ${table} values (1, 'planted')`),
  }),
  hostile({
    name: 'update',
    title: 'change rows of the shared schema',
    promise: { ...fromRole, heldBy: 'the option shared.grants, which lists what tenants may write' },
    prepare: needsShared,
    success: 'runs',
    sql: inShared(({ table }) => `update ${table} set secret = 'planted'`),
  }),
  hostile({
    name: 'read',
    title: 'read every row of a table of the shared schema',
    promise: { ...never, wouldHold: 'row security on tables with rows of several tenants (protect)' },
    prepare: needsShared,
    success: 'runs',
    sql: inShared(({ table }) => `select * from ${table}`),
  }),
  hostile({
    name: 'create',
    title: 'make a table in the shared schema',
    // PostgreSQL 14 lets PUBLIC create in the schema public, so a role alone does not hold it there.
    promise: {
      ...fromRole,
      heldBy: `${fromRole.heldBy}, where PUBLIC may not create in the shared schema (PostgreSQL 14 allows it)`,
      wouldHold: "boundary: 'role', with the right to create in the shared schema revoked from public",
    },
    prepare: needsShared,
    success: 'runs',
    sql: inShared(({ spareTable }) => `create table ${spareTable} (id integer)`),
  }),
  hostile({
    name: 'catalog-read',
    title: "read partywall's list of tenants",
    promise: fromRole,
    success: 'runs',
    // Only how many, so that no name of a real tenant is ever in an answer.
    sql: () => 'select count(*) from partywall.tenants',
  }),
  hostile({
    name: 'catalog-write',
    title: "change partywall's list of tenants",
    promise: fromRole,
    success: 'runs',
    // PostgreSQL checks the right, and no row fits.
    sql: () => `update partywall.tenants set status = 'suspended' where false`,
  }),
  hostile({
    name: 'domains-write',
    title: 'take a domain from another tenant',
    promise: fromRole,
    success: 'runs',
    sql: () => 'delete from partywall.domains where false',
  }),
])

/** PostgreSQL compiles the function once for a connection, with the table of its first caller. */
async function rowType(world: World): Promise<Outcome> {
  const { shared, one, mine, sibling } = world
  if (shared === undefined) return (await needsShared(world))!
  const call = `select ${shared.routine}() as secret`
  await world.run(mine, () => one.query(call))
  try {
    const { rows } = await world.run(sibling, () => one.query(call))
    return shows(rows, sibling)
      ? held('the function read the columns of its caller')
      : notHeld('columns were read as those of the other tenant')
  } catch (error) {
    if (sqlStateOf(error) === undefined) throw error
    return notHeld('the call failed, because the function was compiled for the other tenant')
  }
}
