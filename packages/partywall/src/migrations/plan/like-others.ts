/**
 * A new tenant gets every file at once, so its history always has the order of the files. Where a run would refuse the other tenants of the
 * kind, the new one would be the only one with these files; and where the others have more than the files, it would lack tables. So the files
 * are compared with a few other tenants first.
 */
import { TenancyError } from '../../errors.ts'
import type { Migration } from '../../ports/migration-source.ts'
import type { Queryable, Statement } from '../../sql/statement.ts'
import { digestOf, digestsOf } from '../history/digest.ts'
import { digestColumns, withDigest } from '../history/history-sql.ts'
import { readHistory, type HistoryDigest } from '../history/history.ts'
import { listed } from './mismatches.ts'
import { planMigrations, type OutOfOrder } from './plan.ts'

export interface NewTenantFiles {
  readonly schema: string
  readonly kind: string
  /** The name of the source. */
  readonly source: string
  readonly migrations: readonly Migration[]
}

/** How many tenants are compared. More than one: a tenant may just be migrated. */
const compared = 3

/**
 * Costs one query, which sorts the tenants of the kind; and two for each other history that the files cannot produce.
 * @returns the schema of a tenant that has these very migrations, if one of those compared has
 * @throws TenancyError MIGRATION_CHANGED
 */
export async function assertLikeOthers(
  queryable: Queryable,
  files: NewTenantFiles,
  outOfOrder: OutOfOrder,
): Promise<string | undefined> {
  const { rows } = await queryable.query<HistoryDigest & { schema: string }>(newestOfKindSql(files))
  const known = new Set<string | null>(digestsOf(files.migrations))
  for (const { schema, hasHistory, digest } of rows) {
    if (!hasHistory || known.has(digest)) continue
    if (digest !== null) known.add(digest)
    const { applied } = await readHistory(queryable, schema)
    const { problem, ahead } = planMigrations(schema, files.migrations, applied, { outOfOrder })
    if (problem !== undefined) throw wouldDiffer(files, schema, problem)
    if (ahead.length > 0) throw hasOlderFiles(files, schema, ahead)
  }
  const own = digestOf(files.migrations)
  return rows.find(({ digest }) => digest === own)?.schema
}

function newestOfKindSql({ schema, kind }: NewTenantFiles): Statement {
  return {
    text: `
      select
        tenant.schema::text as schema,
        ${digestColumns}
      from (
        select other.schema
        from partywall.tenants as other
        where other.kind = $1::text
          and other.status = 'active'
          and other.schema <> $2::text
        order by other.created_at desc
        limit ${compared}
      ) as tenant
      join pg_catalog.pg_namespace as namespace on namespace.nspname = tenant.schema::pg_catalog.name
      ${withDigest}`,
    values: [kind, schema],
  }
}

function wouldDiffer({ schema, kind }: NewTenantFiles, other: string, problem: TenancyError): TenancyError {
  const { summary, details } = problem as TenancyError<'MIGRATION_CHANGED'>
  return new TenancyError(
    'MIGRATION_CHANGED',
    `The tenant ${JSON.stringify(schema)} was not created, because these files do not match the tenant ${JSON.stringify(other)} of the same ` +
      `kind, ${kind}, and a run would refuse that one: ${summary}`,
    { details, cause: problem },
  )
}

function hasOlderFiles({ schema, kind, source }: NewTenantFiles, other: string, ahead: readonly string[]): TenancyError {
  return new TenancyError(
    'MIGRATION_CHANGED',
    `The tenant ${JSON.stringify(schema)} was not created: the tenant ${JSON.stringify(other)} of the same kind, ${kind}, also has ` +
      `${listed(ahead)}, so the new one would lack tables. This process has older files than the deploy that migrated the others, or looks ` +
      `into the wrong folder: ${source}. Create the tenant with the newer files.`,
    { details: { schema: other, name: ahead[0]!, problem: 'gone', unknown: ahead } },
  )
}
