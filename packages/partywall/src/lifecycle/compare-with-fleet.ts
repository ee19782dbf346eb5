/**
 * Compares a new tenant with another one that has the same migrations. Files that decide by what is there already (`if not exists (select from
 * pg_type …)`) can give the second tenant other tables than the first one, without an error. The review finds such files as far as a text shows
 * them; what it cannot see shows in the result.
 */
import { isOwnNameAlone } from '../blueprint/own-name-difference.ts'
import { readFingerprints } from '../blueprint/fingerprints.ts'
import { readBlueprint } from '../blueprint/read-blueprint.ts'
import type { MigrationSource } from '../ports/migration-source.ts'
import type { Queryable } from '../sql/statement.ts'
import { differencesOf } from './structure/differences.ts'

/** The most differences that are named. */
const mostNamed = 5

export interface Pair {
  readonly source: MigrationSource
  /** Of the history that both have. */
  readonly digest: string
  readonly schema: string
  /** The schema of the other tenant. */
  readonly like: string
  /** The roles of the boundary, as PostgreSQL writes them. Asked only when something differs. */
  roles(): Promise<readonly string[]>
}

/** The sources, and the digests of histories that were compared in this process: the same files give the same result again. */
const compared = new WeakMap<MigrationSource, Set<string>>()

/**
 * What differs, e.g. `index "books.books_title"`; none when nothing does, or the two histories were compared before. Costs one query for the first
 * tenant of a process and a history, and two more when something differs.
 */
export async function differencesFrom(
  queryable: Queryable,
  { source, digest, schema, like, roles }: Pair,
): Promise<readonly string[]> {
  const digests = compared.get(source) ?? new Set<string>()
  compared.set(source, digests)
  if (digests.has(digest)) return []
  digests.add(digest)
  const fingerprints = await readFingerprints(queryable, [schema, like])
  if (fingerprints.get(schema) === fingerprints.get(like)) return []
  const [actual, expected] = [await readBlueprint(queryable, schema), await readBlueprint(queryable, like)]
  const differences = differencesOf(expected, actual, schema, await roles()).filter((one) => !isOwnNameAlone(one, [schema, like]))
  const names = differences.map(({ kind, name }) => `${kind} ${JSON.stringify(name)}`)
  return [...new Set(names)].slice(0, mostNamed)
}
