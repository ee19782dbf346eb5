/**
 * What names the schema of a tenant by its text, and so does not follow a rename: the search path of a function (`set search_path from current` stores
 * it), that of a customer's login, and the bodies of functions. The first two are changed; a body is refused, because only its author knows it.
 */
import { TenancyError } from '../../errors.ts'
import { identifier } from '../../names/identifier.ts'
import { literal } from '../../sql/literal.ts'
import { readJson } from '../../sql/json-rows.ts'
import type { Queryable, Statement } from '../../sql/statement.ts'

interface RoutineRow {
  /** As SQL, quoted by the server. */
  readonly name: string
  /** Its setting; null where it has none. */
  readonly path: string | null
  readonly isNamed: boolean
}

/**
 * Call it after the rename.
 * @param schema the new name
 * @param before the name that the texts have
 * @throws TenancyError TENANT_REFERENCED
 */
export async function renameInTexts(transaction: Queryable, schema: string, before: string): Promise<void> {
  if (schema === before) return
  const routines = await readJson<RoutineRow>(transaction, routinesSql(schema, before))
  const named = routines.filter(({ isNamed }) => isNamed).map(({ name }) => name)
  if (named.length > 0) throw namedInBodies(before, named)
  const texts = routines.flatMap(({ name, path }) => {
    const moved = path === null ? null : pathWith(path, before, schema)
    // As the server stores it, quotes included: a new tenant has the same text.
    return moved === path
      ? []
      : [
          `select pg_catalog.set_config('search_path', ${literal(moved!)}, true); alter routine ${name} set search_path from current;`,
        ]
  })
  if (texts.length > 0) await transaction.query({ text: texts.join('\n') })
}

/** A search path as the server stores it, such as `"My schema", public`, with another name for one of its schemas. */
export function pathWith(path: string, before: string, after: string): string {
  return path.replaceAll(/"(?:[^"]|"")*"|[^\s,"]+/g, (name) =>
    name === before ? after : name === `"${before}"` ? `"${after}"` : name,
  )
}

function namedInBodies(schema: string, routines: readonly string[]): TenancyError {
  return new TenancyError(
    'TENANT_REFERENCED',
    `The schema ${JSON.stringify(schema)} was not renamed: the bodies of ${routines.length} of its functions name it by its text, e.g. ${routines[0]}, and would ` +
      'lead to another schema afterwards. Write the names in these functions without the schema, in a migration.',
    { details: { schema, references: routines.slice(0, 20), tables: [] } },
  )
}

/** Routines of the schema with a search path, or whose body has the name in front of a dot. */
function routinesSql(schema: string, before: string): Statement {
  return {
    text: `
      select
        pg_catalog.format('%I.%I(%s)', $1::text, routine.proname, pg_catalog.pg_get_function_identity_arguments(routine.oid)) as name,
        (
          select pg_catalog.substr(setting, 13)
          from unnest(routine.proconfig) as setting
          where setting like 'search_path=%'
        ) as path,
        routine.prosrc ~ $2::text as "isNamed"
      from pg_catalog.pg_proc as routine
      where routine.pronamespace = (select namespace.oid from pg_catalog.pg_namespace as namespace where namespace.nspname::text = $1::text)
        and (routine.proconfig is not null or routine.prosrc ~ $2::text)`,
    values: [schema, namePattern(before)],
  }
}

/** The name in front of a dot, with quotes or without them. A schema name has no character that means anything in a pattern. */
function namePattern(schema: string): string {
  return `(^|[^a-zA-Z0-9_$."-])"?${schema}"?\\s*\\.`
}

/** The search path of a customer's login, for what it sends without a schema. */
export function loginPathText(role: string, path: readonly string[]): string {
  return `alter role ${identifier(role)} set search_path to ${path.map((name) => literal(name)).join(', ')};`
}
