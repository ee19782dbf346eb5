/** Large objects have no schema: they belong to the role that made them. */
import { group, promises, type AttackIn } from './attack.ts'
import { hostile, type Hostile } from './hostile.ts'
import { held, notHeld } from './judging.ts'
import type { World } from './world.ts'

const { fromRole, never } = promises

/** The sibling makes one; `sql` gets its number. */
function withObject(attack: Omit<Hostile, 'sql'> & { readonly sql: (number: string) => string }): AttackIn {
  const withNumber = (number: string): AttackIn => hostile({ ...attack, sql: () => attack.sql(number) })
  return {
    ...withNumber('0'),
    run: async (world) => {
      const number = await makeObject(world)
      try {
        return await withNumber(number).run(world)
      } finally {
        await world.run(world.sibling, () => world.one.query('select lo_unlink($1::oid)', [number])).catch(() => {})
      }
    },
  }
}

export const largeObjects = group('large-objects', [
  withObject({
    name: 'read',
    title: 'read a large object of another tenant by its number',
    promise: fromRole,
    sql: (number) => `select convert_from(lo_get(${number}), 'UTF8') as content`,
  }),
  withObject({
    name: 'change',
    title: 'change a large object of another tenant',
    promise: fromRole,
    success: 'runs',
    sql: (number) => `select lo_put(${number}, 0, 'planted')`,
  }),
  withObject({
    name: 'delete',
    title: 'delete a large object of another tenant',
    promise: fromRole,
    success: 'runs',
    sql: (number) => `select lo_unlink(${number})`,
  }),
  hostile({
    name: 'import-file',
    title: 'read a file of the server into a large object',
    promise: fromRole,
    success: 'runs',
    sql: () => `select lo_import('PG_VERSION')`,
  }),
  {
    name: 'list',
    title: 'list the numbers of the large objects of all tenants',
    promise: { ...never, wouldHold: 'tables with a column of type bytea' },
    run: async (world) => {
      const number = await makeObject(world)
      const { rows } = await world.run(world.mine, () =>
        world.one.query('select 1 from pg_largeobject_metadata where oid = $1::oid', [number]),
      )
      await world.run(world.sibling, () => world.one.query('select lo_unlink($1::oid)', [number]))
      return rows.length > 0 ? notHeld('the server told it') : held('the server shows nothing of the other tenant')
    },
  },
])

async function makeObject({ run, one, sibling }: World): Promise<string> {
  const { rows } = await run(sibling, () =>
    one.query<{ number: string }>('select lo_from_bytea(0, convert_to($1, $2))::text as number', [sibling.secret, 'UTF8']),
  )
  const { number } = rows[0]!
  // By this comment a later run finds it, when this one is killed.
  await run(sibling, () => one.query(`comment on large object ${number} is '${sibling.schema}'`))
  return number
}
