/** PW-113: autovacuum keeps up with the tables of pg_catalog, which every migration and every new tenant changes. */
import type { Statement } from '../../sql/statement.ts'
import type { Context, Examination, Observation } from '../context/examination.ts'
import { count, listOf } from '../context/wording.ts'

export const catalogVacuum: Examination = {
  id: 'PW-113',
  title: "Autovacuum lags behind in PostgreSQL's own catalogs",
  async run({ askDeploy }: Context) {
    const [settings] = await askDeploy<{ isOn: boolean }>(settingsSql)
    const rows = await askDeploy<CatalogTable>(deadRowsSql(fewDeadRows, tolerated))
    return [...(settings!.isOn ? [] : [isOff]), ...lagging(rows)]
  },
}

/** PostgreSQL starts to vacuum at 20 %; twice that with many rows is a lag. */
const tolerated = 0.4
const fewDeadRows = 50_000

export interface CatalogTable {
  readonly table: string
  readonly dead: number
  readonly live: number
  readonly vacuumed: string | null
}

const isOff: Observation = {
  severity: 'warning',
  seen: 'autovacuum is off: the catalogs grow with every migration, and the planner has no statistics.',
  fix: 'Set autovacuum = on, and reload the server.',
}

export function lagging(rows: readonly CatalogTable[]): Observation[] {
  if (rows.length === 0) return []
  const [worst] = rows
  return [
    {
      severity: 'warning',
      seen:
        `Autovacuum lags behind in ${listOf(rows.map(({ table }) => table))}: ${worst!.table} has ${count(worst!.dead)} dead rows beside ` +
        `${count(worst!.live)} live ones, and was last vacuumed ${worst!.vacuumed ?? 'never since the statistics began'}.`,
      fix:
        `As an administrator, run: vacuum (analyze) ${rows.map(({ table }) => `pg_catalog.${table}`).join(', ')}. If it removes nothing, end old ` +
        'transactions (pg_stat_activity.backend_xmin) and replication slots; then raise autovacuum_max_workers or autovacuum_vacuum_cost_limit.',
    },
  ]
}

const settingsSql: Statement = { text: `select current_setting('autovacuum') = 'on' as "isOn"` }

function deadRowsSql(least: number, fraction: number): Statement {
  return {
    text: `
      select
        relname::text as "table",
        n_dead_tup::float8 as dead,
        n_live_tup::float8 as live,
        to_char(greatest(last_vacuum, last_autovacuum), 'YYYY-MM-DD HH24:MI') as vacuumed
      from pg_catalog.pg_stat_sys_tables
      where schemaname = 'pg_catalog'
        and n_dead_tup > $1::bigint
        and n_dead_tup > $2::float8 * n_live_tup
      order by n_dead_tup desc`,
    values: [least, fraction],
  }
}
