/** PW-111: the server's table of locks has room for what locks a whole schema, or all of them: a drop, a dump. */
import type { Statement } from '../../sql/statement.ts'
import type { Context, Examination, Observation } from '../context/examination.ts'
import { count } from '../context/wording.ts'

export const lockTable: Examination = {
  id: 'PW-111',
  title: 'The table of locks is too small',
  needs: 'catalog',
  async run({ askDeploy }: Context) {
    const [locks] = await askDeploy<Locks>(locksSql)
    return observe(locks!)
  },
}

export interface Locks {
  /** For how many objects the server has room, of all transactions together. */
  readonly room: number
  readonly perTransaction: number
  /** The schema of the tenant with most tables, indexes and sequences; null without tenants. */
  readonly largest: string | null
  readonly objects: number
  /** In the whole database. */
  readonly tables: number
}

export function observe({ room, perTransaction, largest, objects, tables }: Locks): Observation[] {
  const found: Observation[] = []
  const setting = `max_locks_per_transaction is ${count(perTransaction)}, which is room for about ${count(room)} locks of all transactions together`
  if (largest !== null && objects > room * largePart) {
    found.push({
      severity: 'warning',
      seen: `${setting}; the tenant ${JSON.stringify(largest)} has ${count(objects)} tables, indexes and sequences, and dropping it locks all of them.`,
      fix: `Set max_locks_per_transaction to at least ${count(Math.ceil((perTransaction * objects) / (room * largePart)))}, and restart the server.`,
      tenant: largest,
    })
  }
  if (tables > room) {
    found.push({
      severity: 'info',
      seen: `${setting}; the database has ${count(tables)} tables, and pg_dump of the whole database locks all of them.`,
      fix:
        `Dump the tenants one by one (pg_dump --schema), take physical backups, or set max_locks_per_transaction to at least ` +
        `${count(Math.ceil((perTransaction * tables) / room) + perTransaction)}, and restart the server.`,
    })
  }
  return found
}

/** A drop that takes more would leave too little for the requests of other tenants. */
const largePart = 0.5

const locksSql: Statement = {
  text: `
    with relation as materialized (
      select
        relnamespace,
        count(*) as objects,
        count(*) filter (where relkind in ('r', 'p')) as tables
      from pg_catalog.pg_class
      where relkind in ('r', 'p', 'i', 'I', 'S', 'v', 'm', 'f')
      group by relnamespace
    )
    select
      (current_setting('max_locks_per_transaction')::bigint
        * (current_setting('max_connections')::bigint + current_setting('max_prepared_transactions')::bigint))::float8 as room,
      current_setting('max_locks_per_transaction')::integer as "perTransaction",
      (select coalesce(sum(tables), 0) from relation)::float8 as tables,
      largest.schema as largest,
      coalesce(largest.objects, 0)::float8 as objects
    from (values (1)) as one (row)
    left join lateral (
      select tenant.schema, relation.objects
      from relation
      join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
      join partywall.tenants as tenant on tenant.schema = namespace.nspname::text
      order by relation.objects desc, tenant.schema
      limit 1
    ) as largest on true`,
}
