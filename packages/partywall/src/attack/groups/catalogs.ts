/** What the server tells about other tenants: names, values in statistics, texts of statements. */
import { group, promises, type Outcome } from './attack.ts'
import { withoutExtension } from './functions.ts'
import { hostile } from './hostile.ts'
import { held, notHeld, refusedBy, shows } from './judging.ts'
import type { World } from './world.ts'

const { fromRole, never } = promises
const namesAreOpen = { ...never, wouldHold: 'a database for each tenant; names of schemas that say nothing about the customer' }

/** Finds a name that is no secret of a row: the schema of the sibling. */
const finds = (name: string, title: string, promise: typeof namesAreOpen | typeof fromRole, sql: (world: World) => string) => ({
  name,
  title,
  promise,
  run: (world: World) => found(world, sql(world)),
})

export const catalogs = group('catalogs', [
  finds(
    'schemas',
    'list the schemas of all tenants (pg_namespace)',
    namesAreOpen,
    ({ sibling }) => `select nspname::text from pg_namespace where nspname = '${sibling.schema}'`,
  ),
  finds(
    'tables',
    'list tables and columns of another tenant (pg_class, pg_attribute)',
    namesAreOpen,
    ({ sibling }) =>
      `select attname::text from pg_attribute as a join pg_class as c on c.oid = a.attrelid join pg_namespace as n on n.oid = c.relnamespace
     where n.nspname = '${sibling.schema}' and attname = 'secret'`,
  ),
  finds(
    'information-schema',
    'list tables of another tenant (information_schema)',
    fromRole,
    ({ sibling }) => `select table_name::text from information_schema.tables where table_schema = '${sibling.schema}'`,
  ),
  finds(
    'row-counts',
    'read how many rows another tenant has (pg_class, pg_stat_user_tables)',
    namesAreOpen,
    ({ sibling }) =>
      `select c.reltuples from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
     where n.nspname = '${sibling.schema}' and c.relname = 'notes' and c.reltuples = 3`,
  ),
  finds('roles', 'list the roles of all tenants (pg_roles)', namesAreOpen, ({ sibling }) =>
    sibling.role === 'none'
      ? 'select rolname::text from pg_roles limit 1'
      : `select rolname::text from pg_roles where rolname = '${sibling.role}'`,
  ),
  finds(
    'databases',
    'list the databases of the server',
    { ...never, wouldHold: 'a server of its own' },
    () => `select datname::text from pg_database where datname = 'template1'`,
  ),
  hostile({
    name: 'view-texts',
    title: 'read the text of a view of another tenant (pg_get_viewdef)',
    promise: namesAreOpen,
    sql: ({ sibling }) =>
      `select pg_get_viewdef(c.oid) as text from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
       where n.nspname = '${sibling.schema}' and c.relname = 'secrets'`,
  }),
  hostile({
    name: 'function-texts',
    title: 'read the text of a function of another tenant (pg_proc)',
    promise: namesAreOpen,
    sql: ({ sibling }) =>
      `select prosrc from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace where n.nspname = '${sibling.schema}'`,
  }),
  hostile({
    name: 'statistics',
    title: 'read values of another tenant out of statistics (pg_stats)',
    promise: fromRole,
    sql: ({ sibling }) =>
      `select most_common_vals::text, histogram_bounds::text from pg_stats where schemaname = '${sibling.schema}'`,
  }),
  hostile({
    name: 'statistic-table',
    title: 'read values of another tenant out of the table of statistics (pg_statistic)',
    promise: fromRole,
    sql: ({ sibling }) =>
      `select s.stavalues1::text from pg_statistic as s where s.starelid in
         (select c.oid from pg_class as c join pg_namespace as n on n.oid = c.relnamespace where n.nspname = '${sibling.schema}')`,
  }),
  hostile({
    name: 'sequences',
    title: 'read numbers of sequences of another tenant (pg_sequences)',
    promise: fromRole,
    sql: ({ sibling }) => `select last_value::text from pg_sequences where schemaname = '${sibling.schema}'`,
    prepare: async ({ owner, sibling }) => {
      await owner.query({ text: `select pg_catalog.setval('${sibling.sql}.tickets', ${sibling.number})` })
      return undefined
    },
  }),
  {
    name: 'activity',
    title: 'read the texts of statements that another tenant runs (pg_stat_activity)',
    promise: fromRole,
    run: readActivity,
  },
  hostile({
    name: 'statements',
    title: 'read the texts of statements that other tenants ran (pg_stat_statements)',
    promise: fromRole,
    sql: ({ sibling }) => `select query from pg_stat_statements where query like '%' || '${sibling.code}' || '%'`,
    prepare: async (world) => {
      const missing = await withoutExtension(world, 'pg_stat_statements')
      if (missing === undefined) await world.run(world.sibling, () => world.one.query(`select 1 as "${world.sibling.code}"`))
      return missing
    },
  }),
])

async function found(world: World, sql: string): Promise<Outcome> {
  try {
    const { rows } = await world.run(world.mine, () => world.one.query(sql))
    return rows.length > 0 ? notHeld('the server told it') : held('the server shows nothing of the other tenant')
  } catch (error) {
    return refusedBy(error)
  }
}

/** The sibling is in a transaction, so its last text is that of its session. */
async function readActivity(world: World): Promise<Outcome> {
  const { two, sibling, mine } = world
  return world.run(sibling, async () => {
    const client = await two.connect()
    try {
      await client.query('begin')
      await client.query(`select 1 as "${sibling.code}"`)
      const { rows } = await world.run(mine, () =>
        two.query('select query from pg_stat_activity where datname = current_database()'),
      )
      return shows(rows, sibling) ? notHeld('it read the text of the other tenant') : held('the server hides the texts')
    } finally {
      await client.query('rollback').catch(() => {})
      client.release()
    }
  })
}
