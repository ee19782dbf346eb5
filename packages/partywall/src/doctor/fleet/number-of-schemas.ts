/**
 * PW-108: the number of tenants, and of what they consist of, is one that a single database bears well. The thresholds are explained in docs/doctor.md.
 */
import type { Statement } from '../../sql/statement.ts'
import type { Context, Examination, Observation } from '../context/examination.ts'
import { count, plural } from '../context/wording.ts'

export const numberOfSchemas: Examination = {
  id: 'PW-108',
  title: 'Many schemas',
  needs: 'catalog',
  async run({ askDeploy }: Context) {
    const [size] = await askDeploy<FleetSize>(sizeSql)
    return observe(size!)
  },
}

export interface FleetSize {
  readonly tenants: number
  /** Tables, indexes, sequences and the like in the whole database. */
  readonly relations: number
}

/** From here on, work that touches each schema is planned work: a deploy of a tool that needs 0.2 s for each takes minutes. */
export const manyTenants = 1000
/** The largest number for which other systems with schemas for tenants give figures. */
export const mostTenants = 10_000
/** About 1,000 tenants of 12 tables with 75 indexes; their catalogs take 450 MB. */
export const manyRelations = 100_000
/** Ten times that: 4.5 GB of catalogs, which a machine must have in memory. */
export const mostRelations = 1_000_000

export function observe({ tenants, relations }: FleetSize): Observation[] {
  const seen = `The database has ${plural(tenants, 'tenant')} and ${plural(relations, 'table, index and sequence', 'tables, indexes and sequences')}`
  if (tenants > mostTenants || relations > mostRelations) {
    return [
      {
        severity: 'warning',
        seen: `${seen}: more than ${count(mostTenants)} tenants, or ${count(mostRelations)} of the others.`,
        fix: 'Put new tenants into a second database with a tenancy of its own, and archive tenants that are not used any more.',
      },
    ]
  }
  if (tenants <= manyTenants && relations <= manyRelations) return []
  return [
    {
      severity: 'info',
      seen: `${seen}.`,
      fix:
        'Nothing has to be done now. Watch this number, give shared_buffers room for the catalogs (PW-112), and take physical backups: a dump takes ' +
        'time for each table.',
    },
  ]
}

/** Exact for tenants. For the others an estimate, as the planner makes it: the statistics are old after many tenants were made, the size is not. */
const sizeSql: Statement = {
  text: `
    select
      (select count(*) from partywall.tenants)::integer as tenants,
      (
        select round(greatest(statistics.reltuples, 0)::float8 / greatest(statistics.relpages, 1)
          * pg_catalog.pg_relation_size(statistics.oid) / pg_catalog.current_setting('block_size')::integer)
        from pg_catalog.pg_class as statistics
        where statistics.oid = 'pg_catalog.pg_class'::pg_catalog.regclass
      ) as relations`,
}
