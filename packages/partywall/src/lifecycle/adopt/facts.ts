/** What is in a schema and what depends on what, as data. */
import { TenancyError } from '../../errors.ts'
import { loadGrammar } from '../../migrations/statements/grammar.ts'
import { readJson } from '../../sql/json-rows.ts'
import type { Queryable } from '../../sql/statement.ts'
import { bodyNames, type BodyName, type Code } from './body-names.ts'
import { factsSql, foreignCodeSql } from './facts-sql.ts'

export interface DbObject {
  readonly id: string
  /** As ALTER calls it: `table`, `view`, `type`, `function`. */
  readonly kind: string
  readonly name: string
  /** With its schema, quoted, as ALTER takes it. */
  readonly identity: string
  /** A table, partitioned or foreign too. */
  readonly isTable: boolean
  readonly isRelation: boolean
  /** As the statistics of the server have it; null: not known. */
  readonly rows: number | null
  readonly bytes: number | null
  /** It belongs to an extension. */
  readonly isMember: boolean
  /** Whether the role of this connection may move it. */
  readonly mayMove: boolean
  readonly code: Code | null
  /** The search path that a routine sets for itself. */
  readonly path: string | null
}

/** One object uses another. */
interface Link {
  readonly user: string
  readonly used: string
  /** What uses it, e.g. `constraint votes_poll_fkey on table votes`. */
  readonly via: string
  readonly isKey: boolean
}

export interface Tree {
  readonly child: string
  readonly parent: string
  readonly childName: string
  readonly parentName: string
  readonly isPartition: boolean
}

export interface Facts {
  readonly schema: string
  readonly objects: readonly DbObject[]
  readonly links: readonly Link[]
  /** What uses an object from outside of the schema. */
  readonly outside: readonly Omit<Link, 'user' | 'isKey'>[]
  readonly trees: readonly Tree[]
  /** Publications that name a table. */
  readonly published: readonly { readonly table: string; readonly name: string }[]
  /** Publications of all tables, of the schema or of the database. */
  readonly publishedWhole: readonly string[]
  /** By the id of a routine: the names that its text holds. */
  readonly names: ReadonlyMap<string, readonly BodyName[]>
}

/**
 * Two statements. The grammar is loaded where a routine has a text.
 * @throws TenancyError SCHEMA_MISSING
 */
export async function readFacts(queryable: Queryable, schema: string): Promise<Facts> {
  const [row] = (await queryable.query<Record<keyof FactsRow, string>>(factsSql(schema))).rows
  if (row!.isThere !== 'true') throw schemaMissing(schema)
  const read = <K extends keyof FactsRow>(key: K): FactsRow[K] => JSON.parse(row![key]) as FactsRow[K]
  const objects = read('objects')
  const foreign = await readJson<Code & { name: string }>(queryable, foreignCodeSql(schema))
  const names = new Map<string, readonly BodyName[]>()
  const links = [...read('links')]
  const outside = [...read('outside')]
  const withCode = objects.filter(({ code }) => code !== null)
  if (withCode.length + foreign.length > 0) {
    const grammar = await loadGrammar()
    for (const { id, code } of withCode) names.set(id, bodyNames(grammar, code!))
    for (const { id, kind, identity } of withCode)
      for (const used of meant(objects, schema, names.get(id)!))
        if (used !== id) links.push({ user: id, used, via: `${kind} ${identity}`, isKey: false })
    for (const code of foreign) {
      const qualified = bodyNames(grammar, code).filter((name) => name.schema === schema)
      for (const used of meant(objects, schema, qualified)) outside.push({ used, via: code.name })
    }
  }
  return {
    schema,
    objects,
    links,
    outside,
    trees: read('trees'),
    published: read('published'),
    publishedWhole: read('publishedWhole'),
    names,
  }
}

/** The objects of the schema that these names mean, by their class: a table may have the name of a function. */
function meant(objects: readonly DbObject[], schema: string, names: readonly BodyName[]): string[] {
  const isMeant = (object: DbObject): boolean =>
    names.some(
      (name) =>
        name.name === object.name &&
        (name.schema === undefined || name.schema === schema) &&
        (name.class === 'any' || name.class === classOf(object) || (name.class === 'type' && object.isRelation)),
    )
  return objects.filter(isMeant).map(({ id }) => id)
}

function classOf({ isRelation, kind }: DbObject): BodyName['class'] {
  if (isRelation) return 'relation'
  if (kind === 'type' || kind === 'domain') return 'type'
  return kind === 'function' || kind === 'procedure' || kind === 'aggregate' ? 'routine' : 'any'
}

interface FactsRow {
  objects: DbObject[]
  links: Link[]
  outside: { used: string; via: string }[]
  trees: Tree[]
  published: { table: string; name: string }[]
  publishedWhole: string[]
  isThere: string
}

export function schemaMissing(schema: string): TenancyError {
  return new TenancyError(
    'SCHEMA_MISSING',
    `There is no schema ${JSON.stringify(schema)} in the database. Check the spelling: capitals count.`,
    { details: { schema } },
  )
}
