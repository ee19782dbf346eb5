/** PW-112: the tables of pg_catalog that every query needs fit into the memory of the server. */
import type { Statement } from '../../sql/statement.ts'
import type { Context, Examination, Observation } from '../context/examination.ts'
import { mebibytes } from '../context/wording.ts'

export const sharedBuffers: Examination = {
  id: 'PW-112',
  title: "PostgreSQL's own catalogs do not fit into shared_buffers",
  async run({ askDeploy }: Context) {
    const [sizes] = await askDeploy<{ catalogs: string; buffers: string }>(sizesSql)
    return observe({ catalogs: Number(sizes!.catalogs), buffers: Number(sizes!.buffers) })
  },
}

/** In bytes. */
export function observe({ catalogs, buffers }: { readonly catalogs: number; readonly buffers: number }): Observation[] {
  if (catalogs <= buffers * largestPart) return []
  const seen = `The tables and indexes of pg_catalog take ${mebibytes(catalogs)}, and shared_buffers is ${mebibytes(buffers)}`
  return [
    {
      severity: 'warning',
      seen: `${seen}: a session that meets a tenant for the first time reads them, and they push the rows of tenants out.`,
      fix: `Set shared_buffers to at least ${mebibytes(catalogs / largestPart)}, if the machine has four times that, and restart the server.`,
    },
  ]
}

/** More than half of the buffers for catalogs leaves too few for rows. */
const largestPart = 0.5

const sizesSql: Statement = {
  text: `
    select
      sum(pg_total_relation_size(relation.oid))::text as catalogs,
      (select setting::bigint * 8192 from pg_catalog.pg_settings where name = 'shared_buffers')::text as buffers
    from pg_catalog.pg_class as relation
    where relation.oid in (
      'pg_catalog.pg_class'::pg_catalog.regclass, 'pg_catalog.pg_attribute'::pg_catalog.regclass,
      'pg_catalog.pg_index'::pg_catalog.regclass, 'pg_catalog.pg_type'::pg_catalog.regclass,
      'pg_catalog.pg_constraint'::pg_catalog.regclass, 'pg_catalog.pg_statistic'::pg_catalog.regclass,
      'pg_catalog.pg_attrdef'::pg_catalog.regclass, 'pg_catalog.pg_depend'::pg_catalog.regclass,
      'pg_catalog.pg_shdepend'::pg_catalog.regclass, 'pg_catalog.pg_proc'::pg_catalog.regclass
    )`,
}
