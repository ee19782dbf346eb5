/** Names that adopted schemas and the shared schema both have: their tenants would be refused at their first entry, so they are not adopted. */
import { relationKinds } from '../../catalog/relations/relations-sql.ts'
import type { Options } from '../../config/options.ts'
import { TenancyError } from '../../errors.ts'
import { shadowAdvice } from '../../migrations/plan/shadowed.ts'
import type { Queryable, Statement } from '../../sql/statement.ts'

/** By schema. One query for all of them. */
export async function namesInBoth(
  queryable: Queryable,
  { sharedSchema, includeShared, migrations }: Pick<Options, 'sharedSchema' | 'includeShared' | 'migrations'>,
  schemas: readonly string[],
): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>()
  if (!includeShared) return found
  const { rows } = await queryable.query<{ name: string; schema: string }>(namesInBothSql(sharedSchema, schemas))
  for (const { name, schema } of rows) {
    if (migrations.shadowed.includes(name)) continue
    found.set(schema, [...(found.get(schema) ?? []), name])
  }
  return found
}

export function inBothScopes(schema: string, names: readonly string[]): TenancyError {
  const shown = names.slice(0, 5).map((name) => JSON.stringify(name))
  return new TenancyError(
    'NAME_IN_BOTH_SCOPES',
    `The schema ${JSON.stringify(schema)} was not adopted: the shared schema also has ${shown.join(', ')}${names.length > shown.length ? ` and ${names.length - shown.length} more` : ''}. ` +
      shadowAdvice(names.join("', '")),
    { details: { schema, names, missing: false } },
  )
}

function namesInBothSql(sharedSchema: string, schemas: readonly string[]): Statement {
  return {
    text: `
      select own.relname::text as name, namespace.nspname::text as schema
      from pg_catalog.pg_depend as dependency
      join pg_catalog.pg_class as shared on shared.oid = dependency.objid
      join pg_catalog.pg_class as own on own.relname = shared.relname and own.relnamespace <> shared.relnamespace
      join pg_catalog.pg_namespace as namespace on namespace.oid = own.relnamespace
      where dependency.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
        and dependency.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
        and dependency.refobjid = (select oid from pg_catalog.pg_namespace where nspname = $1::pg_catalog.name)
        and namespace.nspname = any ($2::pg_catalog.name[])
        and namespace.nspname <> $1::pg_catalog.name
        and shared.relkind in (${relationKinds})
        and own.relkind in (${relationKinds})
        and own.relname <> 'partywall_migrations'
        and not exists (
          select
          from pg_catalog.pg_depend as owner
          where own.relkind = 'S'
            and owner.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
            and owner.objid = own.oid
            and owner.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
            and owner.deptype in ('a', 'i')
        )
      order by 2, 1`,
    values: [sharedSchema, schemas],
  }
}
