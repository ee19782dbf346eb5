/**
 * What a schema should be, after its baseline: the migrations are run in a schema that is rolled back, and its structure is compared. Rights and owners are
 * not compared, because they are the boundary's; nor comments, nor the tables in which other tools keep their history.
 */
import { randomBytes } from 'node:crypto'
import type { Blueprint } from '../../blueprint/blueprint.ts'
import type { BlueprintDifference } from '../../blueprint/blueprint-difference.ts'
import { compareBlueprints } from '../../blueprint/compare-blueprints.ts'
import { readBlueprint } from '../../blueprint/read-blueprint.ts'
import { applyToNew } from '../../migrations/apply/new-schema.ts'
import { digestOf, type AppliedMigration } from '../../migrations/history/digest.ts'
import type { Queryable } from '../../sql/statement.ts'
import { createSchemaSql } from '../../sql/schema-sql.ts'
import type { AdoptFinding } from './finding.ts'
import type { AdoptParts } from './adopt-parts.ts'
import { fitted, type KindFiles } from './baseline.ts'

export class Expected {
  readonly #parts: AdoptParts
  readonly #files: KindFiles
  readonly #known = new Map<string, Promise<Blueprint>>()

  constructor(parts: AdoptParts, files: KindFiles) {
    this.#parts = parts
    this.#files = files
  }

  /** Costs one transaction for each different baseline. @throws TenancyError MIGRATION_FAILED */
  blueprint(applied: readonly AppliedMigration[]): Promise<Blueprint> {
    const digest = digestOf(applied)
    let known = this.#known.get(digest)
    if (known === undefined) {
      known = this.#make(applied)
      // Awaited by the caller; a second one may come later.
      known.catch(() => {})
      this.#known.set(digest, known)
    }
    return known
  }

  async #make(applied: readonly AppliedMigration[]): Promise<Blueprint> {
    const migrations = await fitted(this.#parts, this.#files, applied)
    const schema = `partywall_scratch_${randomBytes(8).toString('hex')}`
    let made: Blueprint | undefined
    try {
      await this.#parts.catalog.deploy.transaction(async (transaction) => {
        await transaction.query(createSchemaSql(schema))
        await applyToNew(transaction, { schema }, migrations)
        made = await readBlueprint(transaction, schema)
        throw new RollBack()
      })
    } catch (error) {
      if (!(error instanceof RollBack)) throw error
    }
    return made!
  }

  /** What differs in a schema, as sentences. One query. */
  async findings(queryable: Queryable, schema: string, applied: readonly AppliedMigration[]): Promise<readonly AdoptFinding[]> {
    return this.compare(await readBlueprint(queryable, schema), await this.blueprint(applied))
  }

  compare(actual: Blueprint, expected: Blueprint): AdoptFinding[] {
    const ofTools = new Set([
      ...historiesOfTools,
      ...(this.#files.source.imported === undefined ? [] : [this.#files.source.imported.table]),
    ])
    return compareBlueprints(structureOf(expected), structureOf(actual))
      .filter((difference) => !isOfTool(difference, ofTools))
      .map(({ kind, name, change, sentence }) => ({
        kind: kind === 'table' && change === 'missing' ? 'missing' : 'differs',
        object: `${kind} ${name}`,
        sentence,
      }))
  }
}

class RollBack extends Error {}

/** Tables of tools whose fleets are often adopted: Django, Rails, Flyway, Alembic. */
const historiesOfTools = [
  'django_migrations',
  'schema_migrations',
  'ar_internal_metadata',
  'flyway_schema_history',
  'alembic_version',
]

function isOfTool({ name, change }: BlueprintDifference, tables: ReadonlySet<string>): boolean {
  return (
    change === 'extra' &&
    [...tables].some((table) => name === table || name.startsWith(`${table}_`) || name.startsWith(`${table}.`))
  )
}

const notCompared = new Set(['owner', 'privileges', 'defaultPrivileges', 'comment'])

function structureOf(blueprint: Blueprint): Blueprint {
  return JSON.parse(
    JSON.stringify(blueprint, (key, value: unknown) => (notCompared.has(key) ? (Array.isArray(value) ? [] : null) : value)),
  ) as Blueprint
}
