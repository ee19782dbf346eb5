/**
 * What tenants with the same kind and history should look like: what their migrations give, or what was kept of that. Where neither is to be had,
 * what most of these tenants look like; that is less certain, and is said.
 */
import { createHash } from 'node:crypto'
import type { Blueprint } from '../../blueprint/blueprint.ts'
import { readFingerprints } from '../../blueprint/fingerprints.ts'
import { structureHashSql } from '../../blueprint/structure-sql.ts'
import { keep, readKept, type KeptBlueprint } from '../../catalog/blueprints/blueprints.ts'
import { tenancyErrorOf } from '../../errors.ts'
import { digestsOf } from '../../migrations/history/digest.ts'
import { sourceOfKind, type MigrationSources } from '../../migrations/sources/sources.ts'
import type { Database } from '../../ports/database.ts'
import type { Migration, MigrationSource } from '../../ports/migration-source.ts'
import { buildExpected, type BuildParts } from './build-expected.ts'

export interface ExpectationParts extends BuildParts {
  readonly deploy: Database
  readonly sources: MigrationSources
}

export interface Expected {
  /** `files`: what the migrations give. `kept`: what they gave earlier, and these files cannot give. */
  readonly from: 'files' | 'kept'
  readonly fingerprint: string
  readonly blueprint: Blueprint
}

/** What is expected cannot be known from files. */
export interface NotExpected {
  readonly reason: string
  /** The files have this history, and cannot be applied to find out what they give. */
  readonly isKnownHistory: boolean
}

/** For one examination: the files, and what is behind the tenants, are read once. */
export class Expectations {
  readonly #parts: ExpectationParts
  readonly #lists = new Map<string, Promise<readonly Migration[]>>()
  #surroundings: Promise<string> | undefined

  constructor(parts: ExpectationParts) {
    this.#parts = parts
  }

  /**
   * Costs one query where what the files give is kept already; else about what it costs to create a tenant.
   */
  async of(kind: string, digest: string): Promise<Expected | NotExpected> {
    const { deploy } = this.#parts
    const [files, kept, surroundings] = await Promise.all([
      this.#files(kind, digest),
      readKept(deploy, kind, digest),
      (this.#surroundings ??= this.#readSurroundings()),
    ])
    const usable = kept?.reader === reader ? kept : undefined
    if (!('reason' in files) && usable?.surroundings === surroundings) return { from: 'files', ...ofKept(usable) }
    const built = 'reason' in files ? files : await buildExpected(this.#parts, { kind, ...files })
    if ('reason' in built) {
      return usable === undefined ? { ...built, isKnownHistory: !('reason' in files) } : { from: 'kept', ...ofKept(usable) }
    }
    await keep(deploy, kind, digest, { reader, surroundings, ...built })
    return { from: 'files', ...built }
  }

  /** The files that give this history, or why there are none. */
  async #files(
    kind: string,
    digest: string,
  ): Promise<{ source: MigrationSource; all: readonly Migration[]; count: number } | { readonly reason: string }> {
    try {
      const source = sourceOfKind(this.#parts.sources, kind)
      const reading = this.#lists.get(kind) ?? source.list()
      this.#lists.set(kind, Promise.resolve(reading))
      const all = await reading
      const count = digestsOf(all).indexOf(digest)
      return count === -1 ? { reason: unknownHistory } : { source, all, count }
    } catch (error) {
      return { reason: `Its migrations could not be read: ${tenancyErrorOf(error)?.summary ?? 'see `migrate status`.'}` }
    }
  }

  /** A view or a foreign key of a tenant follows a change of the shared schema. */
  async #readSurroundings(): Promise<string> {
    const { deploy, options } = this.#parts
    const { sharedSchema, includeShared, extraSearchPath } = options
    const schemas = [sharedSchema, ...extraSearchPath]
    const fingerprints = await readFingerprints(deploy, schemas)
    const facts = [includeShared, ...schemas.map((schema) => [schema, fingerprints.get(schema) ?? null])]
    return createHash('sha256').update(JSON.stringify(facts)).digest('hex')
  }
}

function ofKept({ fingerprint, blueprint }: KeptBlueprint): Pick<Expected, 'fingerprint' | 'blueprint'> {
  return { fingerprint, blueprint }
}

/** Another version of the statement may see more of a schema. */
const reader = createHash('sha256').update(structureHashSql([]).text).digest('hex').slice(0, 16)

const unknownHistory =
  'The files cannot give its history: it was migrated with other files, or a file has changed. Run this with the files that it was migrated with; ' +
  '`migrate status` says what differs.'
