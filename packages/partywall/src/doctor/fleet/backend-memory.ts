/** PW-116: a connection of the pool does not take too much memory of the server. A server process keeps all that it has read about each table. */
import type { Statement } from '../../sql/statement.ts'
import type { Context, Examination, Observation } from '../context/examination.ts'
import { count, mebibytes } from '../context/wording.ts'

export const backendMemory: Examination = {
  id: 'PW-116',
  title: 'A connection takes much memory of the server',
  needs: 'catalog',
  async run({ askDeploy, options: { pool } }: Context) {
    const [average] = await askDeploy<Pick<MemoryFacts, 'tenants' | 'relations'>>(averageSql)
    return observe({ ...average!, perConnection: pool.maxTenantsPerConnection, connections: pool.max })
  },
}

export interface MemoryFacts {
  readonly tenants: number
  /** Tables and indexes of a tenant, on average. */
  readonly relations: number
  /** `pool.maxTenantsPerConnection` */
  readonly perConnection: number
  readonly connections: number
}

export function observe({ tenants, relations, perConnection, connections }: MemoryFacts): Observation[] {
  const served = Math.min(tenants, perConnection)
  const bytes = served * relations * bytesPerRelation
  if (bytes <= mostBytes) return []
  return [
    {
      severity: 'warning',
      seen:
        `A connection may serve ${count(served)} tenants (pool.maxTenantsPerConnection) of about ${count(Math.round(relations))} tables and indexes. Its server process ` +
        `may then hold about ${mebibytes(bytes)}, and the ${count(connections)} connections of one pool ${mebibytes(bytes * connections)}.`,
      fix: `Set pool.maxTenantsPerConnection to ${count(Math.max(1, Math.floor(mostBytes / (relations * bytesPerRelation))))}, or make sure that the server has this memory.`,
    },
  ]
}

/** Measured: a process that had used one table with 8 indexes in each of 1,000 tenants held 45 MB. */
const bytesPerRelation = 5000
const mostBytes = 256 * 2 ** 20

const averageSql: Statement = {
  text: `
    select
      count(distinct namespace.oid)::integer as tenants,
      (count(*) / greatest(count(distinct namespace.oid), 1)::numeric)::float8 as relations
    from pg_catalog.pg_class as relation
    join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
    join partywall.tenants as tenant on tenant.schema = namespace.nspname::text
    where relation.relkind in ('r', 'p', 'i', 'I')`,
}
