/**
 * Structures in a form in which a tenant can be compared with the plain database. The plain database has in `public` what a tenancy keeps in two
 * schemas, the tenant's and the shared one. So PostgreSQL prints `citext` there and `public.citext` in a tenant, and the tool may have written
 * `public.` itself. The schema is taken off where it makes no difference: from everything in the plain database, and in a tenant from
 * names that the shared schema has and the tenant does not. Another name with `public.` in a tenant leads to the wrong table, and stays.
 * PostgreSQL prints `pg_catalog.gen_random_uuid()` where an extension has a function of that name in the same schema, as pgcrypto does in the plain
 * database. So `pg_catalog.` is taken off from such names, too. Comments and the labels of enums are data, and stay.
 */
import type { Blueprint } from '../../blueprint/blueprint.ts'

/** The lists of a blueprint that hold objects with names. */
const lists = [
  'relations',
  'sequences',
  'types',
  'routines',
  'statistics',
  'collations',
  'dictionaries',
  'configurations',
] as const

export interface SharedNames {
  /** The names that each schema beside the tenants has: tables, types, functions, also those of extensions. */
  readonly bySchema: ReadonlyMap<string, ReadonlySet<string>>
}

/** @param before the structure of `public` before the migrations ran: what was there is not theirs */
export function comparablePlain(after: Blueprint, before: Blueprint, shared: SharedNames): Blueprint {
  const own = Object.fromEntries(
    lists.map((list) => {
      const known = new Set(before[list].map(({ name }) => name))
      return [list, (after[list] as readonly { readonly name: string }[]).filter(({ name }) => !known.has(name))]
    }),
  )
  const plain = unqualified({ ...after, ...own }, 'public', () => true)
  return withoutSurroundings(withoutShared(plain, shared, new Set()))
}

/** @param schema that of the tenant: PostgreSQL prints it where a name of WITH hides a table of the tenant */
export function comparableTenant(tenant: Blueprint, shared: SharedNames, schema: string): Blueprint {
  const own = unqualified(tenant, schema, () => true)
  return withoutSurroundings(withoutShared(own, shared, new Set(ownNames(own))))
}

/** Those of tables; their rows are counted. */
export function tablesOf({ relations }: Blueprint): string[] {
  return relations.flatMap(({ kind, name }) => (kind === 'table' ? [name] : []))
}

function ownNames(blueprint: Blueprint): string[] {
  return lists.flatMap((list) => blueprint[list].map(({ name }) => name.replace(/\(.*$/s, '')))
}

function withoutShared(blueprint: Blueprint, { bySchema }: SharedNames, own: ReadonlySet<string>): Blueprint {
  const ofPostgres = new Set([...bySchema.values()].flatMap((names) => [...names]))
  return [...bySchema, ['pg_catalog', ofPostgres] as const].reduce(
    (result, [schema, names]) => unqualified(result, schema, (name) => names.has(name) && !own.has(name)),
    blueprint,
  )
}

/** The schema itself belongs to another owner here and there, and extensions are in the one or the other. */
function withoutSurroundings(blueprint: Blueprint): Blueprint {
  return { ...blueprint, owner: '', privileges: [], defaultPrivileges: [], extensions: [] }
}

/** Takes the schema off in every text of a structure. */
function unqualified<T>(value: T, schema: string, mayGo: (name: string) => boolean): T {
  const escaped = schema.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const qualified = new RegExp(`(?<![\\w$."])(?:"${escaped}"|${escaped})\\s*\\.\\s*(?:"((?:[^"]|"")+)"|([a-z_][\\w$]*))`, 'gi')
  const operator = new RegExp(`OPERATOR\\((?:"${escaped}"|${escaped})\\.([^)\\w]+)\\)`, 'g')
  const inText = (text: string): string =>
    text
      .replaceAll(operator, (whole, symbol: string) => (mayGo(symbol) ? symbol : whole))
      .replaceAll(qualified, (whole, quoted?: string, plain?: string) => {
        const name = quoted?.replaceAll('""', '"') ?? plain!.toLowerCase()
        return mayGo(name) ? (quoted === undefined ? plain! : `"${quoted}"`) : whole
      })
  return mapTexts(value, inText)
}

function mapTexts<T>(value: T, change: (text: string) => string): T {
  if (typeof value === 'string') return change(value) as T
  if (Array.isArray(value)) return value.map((item) => mapTexts(item as unknown, change)) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      verbatim.has(key) ? (inner as unknown) : mapTexts(inner as unknown, change),
    ]),
  ) as T
}

/** Parts of a structure that hold data, in which a name means nothing. */
const verbatim: ReadonlySet<string> = new Set(['comment', 'labels'])
