/** PW-109: every index of a tenant can be used. One that is invalid costs each write, and does not keep values unique. */
import type { Statement } from '../../sql/statement.ts'
import type { Context, Examination } from '../context/examination.ts'
import { onlyTenant, someTenantsSql, tenantsText, type SomeTenants } from '../context/wording.ts'

export const indexes: Examination = {
  id: 'PW-109',
  title: 'Indexes that cannot be used',
  needs: 'catalog',
  async run({ askDeploy, options: { sharedSchema } }: Context) {
    const rows = await askDeploy<InvalidIndex>(invalidIndexesSql(sharedSchema))
    return rows.map(({ index, table, isUnique, isShared, ...some }) => ({
      severity: isUnique ? 'error' : 'warning',
      seen:
        `The index ${JSON.stringify(index)} on ${JSON.stringify(table)} is not valid or not ready, in ${isShared ? 'the shared schema' : tenantsText(some)}: ` +
        `no query uses it${isUnique ? ', and it does not keep the values unique' : ', and each write pays for it'}. CREATE INDEX CONCURRENTLY has failed there.`,
      fix: `In each of these schemas, run: reindex index concurrently "${index}". If it fails again, its message says why (e.g. values that occur twice).`,
      ...(isShared ? {} : onlyTenant(some)),
    }))
  },
}

interface InvalidIndex extends SomeTenants {
  readonly index: string
  readonly table: string
  readonly isUnique: boolean
  readonly isShared: boolean
}

/** Not those that a session is building right now. An index of a partitioned table is invalid until each partition has its part. */
function invalidIndexesSql(sharedSchema: string): Statement {
  return {
    text: `
      select
        index_relation.relname::text as "index",
        table_relation.relname::text as "table",
        bool_or(index.indisunique) as "isUnique",
        tenant.schema is null as "isShared",
        ${someTenantsSql('namespace.nspname')}
      from pg_catalog.pg_index as index
      join pg_catalog.pg_class as index_relation on index_relation.oid = index.indexrelid
      join pg_catalog.pg_class as table_relation on table_relation.oid = index.indrelid
      join pg_catalog.pg_namespace as namespace on namespace.oid = table_relation.relnamespace
      left join partywall.tenants as tenant on tenant.schema = namespace.nspname::text
      where not (index.indisvalid and index.indisready and index.indislive)
        and (tenant.schema is not null or namespace.nspname = $1::name)
        and not exists (select from pg_catalog.pg_stat_progress_create_index as building where building.index_relid = index.indexrelid)
      group by 1, 2, 4
      order by 1, 2`,
    values: [sharedSchema],
  }
}
