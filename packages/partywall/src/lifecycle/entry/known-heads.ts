/**
 * What this process knows of the migrations of each kind of tenants: its files, read once, and by the digest of a history what is pending there.
 * A process without migration files (a bundle, an image that does not have the folder) knows no head, so no tenant is behind for it.
 */
import { digestsOf } from '../../migrations/history/digest.ts'
import { createdRelations } from '../../migrations/plan/created-relations.ts'
import { review, type ReviewParts } from '../../migrations/plan/reviews.ts'
import { reviewedFacts } from '../../migrations/review/facts-by-step.ts'
import type { MigrationSources } from '../../migrations/sources/sources.ts'
import type { Migration, MigrationSource } from '../../ports/migration-source.ts'

/** What pending migrations create. */
export interface Created {
  readonly relations: ReadonlySet<string>
  /** Some of it is not in a text: code creates it, or a migration that is refused. */
  readonly isPartlyUnknown: boolean
}

export interface HeadsParts extends ReviewParts {
  readonly sources: MigrationSources
}

/** The files of one kind. */
export class KnownHead {
  readonly #parts: ReviewParts
  readonly #source: MigrationSource
  readonly #migrations: readonly Migration[]
  /** How many are applied, by the digest. */
  readonly #counts: ReadonlyMap<string, number>
  readonly #created = new Map<number, Promise<Created>>()
  /** The digest of a tenant that has all of them. */
  readonly digest: string

  constructor(parts: ReviewParts, source: MigrationSource, migrations: readonly Migration[]) {
    this.#parts = parts
    this.#source = source
    this.#migrations = migrations
    const digests = digestsOf(migrations)
    this.#counts = new Map(digests.map((digest, count) => [digest, count]))
    this.digest = digests.at(-1)!
  }

  /** How many of the files a tenant with this digest has, as far as the digest says it. */
  appliedIn(digest: string | null): number {
    if (digest === null) return 0
    const count = this.#counts.get(digest)
    if (count !== undefined) return count
    // The history of other files: a newer deploy has more of them. Of fewer it is unknown which ones they are.
    return Number(/: (\d+) applied/.exec(digest)?.[1] ?? 0) >= this.#migrations.length ? this.#migrations.length : 0
  }

  /** The names of the files after so many. */
  pendingAfter(applied: number): readonly string[] {
    return this.#migrations.slice(applied).map(({ name }) => name)
  }

  /** What the files after so many create. The first call reviews the files; PostgreSQL's grammar is loaded only then. */
  createdAfter(applied: number): Promise<Created> {
    let created = this.#created.get(applied)
    if (created === undefined) {
      created = this.#review(applied)
      this.#created.set(applied, created)
      created.catch(() => this.#created.delete(applied))
    }
    return created
  }

  async #review(applied: number): Promise<Created> {
    const { all } = await review(this.#parts, this.#source, this.#migrations, false)
    const before = createdRelations(all.slice(0, applied))
    const pending = all.slice(applied)
    return {
      relations: new Set([...createdRelations(pending).keys()].filter((name) => !before.has(name))),
      isPartlyUnknown: pending.some(({ up }) => reviewedFacts(up) === undefined),
    }
  }
}

export class KnownHeads {
  readonly #parts: HeadsParts
  readonly #mustRead: boolean
  readonly #heads = new Map<string, KnownHead | undefined | Promise<KnownHead | undefined>>()

  /** @param mustRead a kind whose files cannot be read is an error; otherwise it has no known head */
  constructor(parts: HeadsParts, mustRead: boolean) {
    this.#parts = parts
    this.#mustRead = mustRead
  }

  /**
   * The files of a kind; undefined where this process has none, or does not know the kind. A promise until they are read.
   * @throws TenancyError INVALID_MIGRATION
   */
  of(kind: string): KnownHead | undefined | Promise<KnownHead | undefined> {
    if (!this.#heads.has(kind)) this.#heads.set(kind, this.#read(kind))
    return this.#heads.get(kind)
  }

  async #read(kind: string): Promise<KnownHead | undefined> {
    const source = this.#parts.sources.kinds.get(kind)
    try {
      const head = source && new KnownHead(this.#parts, source, await source.list())
      this.#heads.set(kind, head)
      return head
    } catch (error) {
      this.#heads.delete(kind)
      if (this.#mustRead) throw error
      this.#heads.set(kind, undefined)
      return undefined
    }
  }
}
