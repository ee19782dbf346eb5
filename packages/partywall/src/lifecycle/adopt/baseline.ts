/** The history of an adopted schema: which migrations count as applied, and how they are recorded. */
import { TenancyError } from '../../errors.ts'
import { digestOf, type AppliedMigration } from '../../migrations/history/digest.ts'
import { commentText, createHistoryTexts, recordText } from '../../migrations/history/history-sql.ts'
import { findMigration } from '../../migrations/plan/find-migration.ts'
import { readBaseline } from '../../migrations/plan/baseline.ts'
import { review } from '../../migrations/plan/reviews.ts'
import { sourceOfKind } from '../../migrations/sources/sources.ts'
import type { Migration, MigrationSource } from '../../ports/migration-source.ts'
import type { Queryable } from '../../sql/statement.ts'
import type { AdoptParts } from './adopt-parts.ts'

/** The migrations of a kind, and those of them that the caller says are applied. */
export interface KindFiles {
  readonly kind: string
  readonly source: MigrationSource
  readonly all: readonly Migration[]
  /** Up to `at`, or all. */
  readonly upTo: readonly Migration[]
  /** Whether the caller named the last one. */
  readonly isNamed: boolean
}

/** @throws TenancyError UNKNOWN_KIND, INVALID_MIGRATION, INVALID_ARGUMENT for a migration that there is not */
export async function readFiles(
  { sources }: Pick<AdoptParts, 'sources'>,
  kind: string,
  at: string | undefined,
): Promise<KindFiles> {
  const source = sourceOfKind(sources, kind)
  const all = await source.list()
  if (at === undefined) return { kind, source, all, upTo: all, isNamed: false }
  if (typeof at !== 'string') {
    throw new TenancyError(
      'INVALID_ARGUMENT',
      '"at" of tenants.adopt must be the name, file or number of a migration, as text.',
      {
        details: { option: 'at' },
      },
    )
  }
  const last = at === '0' ? undefined : findMigration(all, at, source.name)
  return { kind, source, all, upTo: last === undefined ? [] : all.slice(0, all.indexOf(last) + 1), isNamed: true }
}

/** What counts as applied in this schema: what the caller says, else what another tool has recorded there, else all. One or two queries for a tool. */
export async function baselineOf(queryable: Queryable, schema: string, files: KindFiles): Promise<readonly AppliedMigration[]> {
  if (files.isNamed) return files.upTo
  return (await readBaseline(queryable, schema, files.source, files.all)) ?? files.upTo
}

/** Creates the history with these migrations. One round trip. */
export async function recordBaseline(
  transaction: Queryable,
  schema: string,
  applied: readonly AppliedMigration[],
): Promise<void> {
  const texts = [
    ...createHistoryTexts(schema),
    ...(applied.length === 0 ? [] : [recordText(schema, 1, applied)]),
    commentText(schema, digestOf(applied)),
  ]
  await transaction.query({ text: texts.join(';\n') })
}

export function recordedAndPending(
  { all }: KindFiles,
  applied: readonly AppliedMigration[],
): { recorded: string[]; pending: string[] } {
  const names = new Set(applied.map(({ name }) => name))
  return { recorded: [...names], pending: all.filter(({ name }) => !names.has(name)).map(({ name }) => name) }
}

/** As they run in a tenant: to make a schema to compare with. */
export async function fitted(
  parts: Pick<AdoptParts, 'options' | 'sources'>,
  { source, all }: KindFiles,
  applied: readonly AppliedMigration[],
): Promise<Migration[]> {
  const names = new Set(applied.map(({ name }) => name))
  const migrations = all.filter(({ name }) => names.has(name))
  if (migrations.length === 0) return []
  const reviewed = await review(parts, source, all, false)
  return migrations.map((migration) => reviewed.fit(migration, 'up'))
}
