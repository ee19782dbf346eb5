/**
 * Which names lead a tenant out of its schema, as the database has them. Two queries for all tenants, at most one pair at a time, and none while its
 * last answer is younger than the interval. From half of the interval on the next pair runs in the background, so that under steady traffic no
 * entry waits for one.
 */
import type { Options } from '../../config/options.ts'
import { schemasBehind, type PathOptions } from '../../config/schemas-behind.ts'
import { lostRelations, type LostRelation } from '../../catalog/relations/relations.ts'
import type { Queryable } from '../../sql/statement.ts'
import { namesInBothSql } from './names-in-both-sql.ts'

export interface NamesInBoth {
  /** Relations of the schemas that the search path has behind the tenant's. */
  readonly behind: ReadonlySet<string>
  /** By kind: names that its tenants have, too, and that the option does not list. */
  readonly unlisted: ReadonlyMap<string, readonly string[]>
  /** By kind: names that its tenants have, too, and that are listed. */
  readonly listed: ReadonlyMap<string, readonly string[]>
  /** By the id of a tenant: names that it lacks, and should have: they are listed and others of its kind have them, or tenants with its migrations had them. */
  readonly missing: ReadonlyMap<string, readonly string[]>
}

export type NamesOptions = PathOptions & Pick<Options, 'migrations' | 'tenantCacheMs'>

interface Answer {
  readonly names: NamesInBoth
  /** When its queries were sent: it may not know of anything later. */
  readonly askedAt: number
}

export class NamesWatch {
  readonly #queryable: Queryable
  readonly #schemas: readonly string[]
  readonly #listed: readonly string[]
  readonly #intervalMs: number
  /** For which an answer counts. */
  #pauseMs: number
  #last: Answer | undefined
  #asking: Promise<NamesInBoth> | undefined

  constructor(queryable: Queryable, options: NamesOptions) {
    const { migrations, tenantCacheMs } = options
    this.#queryable = queryable
    this.#schemas = schemasBehind(options)
    this.#listed = migrations.shadowed
    this.#intervalMs = tenantCacheMs
    this.#pauseMs = tenantCacheMs
  }

  /** The names as they were at most `tenantCacheMs` ago, or somewhat longer where the query takes long; a promise when the database must be asked first. */
  current(): NamesInBoth | Promise<NamesInBoth> {
    if (this.#schemas.length === 0) return none
    const last = this.#last
    const age = last === undefined ? Infinity : performance.now() - last.askedAt
    if (age >= this.#pauseMs) return this.#intervalMs === 0 ? this.#ask() : (this.#asking ??= this.#ask())
    if (age >= this.#pauseMs / 2) (this.#asking ??= this.#ask()).catch(() => {})
    return last!.names
  }

  /** The next entry asks again: this process has changed tables. */
  forget(): void {
    this.#last = undefined
    this.#asking = undefined
  }

  #ask(): Promise<NamesInBoth> {
    const askedAt = performance.now()
    const asking: Promise<NamesInBoth> = this.#queryable
      .query<NameRow>(namesInBothSql(this.#schemas, this.#listed))
      .then(async ({ rows }) => namesOf(rows, await lostRelations(this.#queryable, this.#schemas), this.#listed))
      .then((names) => {
        // An answer that was asked for before `forget` may be older than the change.
        if (this.#asking === asking) this.#last = { names, askedAt }
        const slowMs = (performance.now() - askedAt) * pauseForEachMs
        this.#pauseMs = Math.max(this.#intervalMs, Math.min(slowMs, mostPauseMs))
        return names
      })
      .finally(() => {
        if (this.#asking === asking) this.#asking = undefined
      })
    return asking
  }
}

/** Queries that take long, because many tenants have a listed name, must not keep the server busy: the pause after it is so many times as long. */
const pauseForEachMs = 50
const mostPauseMs = 10_000

interface NameRow {
  readonly name: string
  readonly kind: string | null
  readonly id: string | null
}

const none: NamesInBoth = { behind: new Set(), unlisted: new Map(), listed: new Map(), missing: new Map() }

function namesOf(rows: readonly NameRow[], lost: readonly LostRelation[], shadowed: readonly string[]): NamesInBoth {
  const behind = new Set<string>()
  const [unlisted, listed, missing] = [0, 0, 0].map(() => new Map<string, string[]>()) as [Lists, Lists, Lists]
  for (const { name, kind, id } of rows) {
    if (kind === null) behind.add(name)
    else if (id !== null) add(missing, id, name)
    else add(shadowed.includes(name) ? listed : unlisted, kind, name)
  }
  for (const { id, name } of lost) if (missing.get(id)?.includes(name) !== true) add(missing, id, name)
  return { behind, unlisted, listed, missing }
}

type Lists = Map<string, string[]>

function add(lists: Lists, key: string, name: string): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [name])
  else list.push(name)
}
