/** The plain database of a trial: the shared migrations, and then those of a tenant as their tool runs them. */
import { readBlueprint } from '../../blueprint/read-blueprint.ts'
import { identifier } from '../../names/identifier.ts'
import type { Migration, MigrationSource } from '../../ports/migration-source.ts'
import type { Grammar } from '../statements/grammar.ts'
import { readPlainResult, type PlainResult } from './comparison.ts'
import { findingOf } from './findings.ts'
import { makeReference, type Reference } from './reference.ts'
import type { ScratchDatabase } from './scratch-databases.ts'
import { extensionsSql } from './scratch-sql.ts'
import type { TrialHost } from './trial-parts.ts'
import type { TrialFinding } from './trial-report.ts'

export interface PlainTrial {
  readonly reference: Reference
  /** Absent when a migration failed. */
  readonly result?: PlainResult
  /** The extensions that the migrations have created, also those that a later one has dropped: they are needed until then. */
  readonly extensions: readonly string[]
}

type PathOptions = Pick<TrialHost['options'], 'sharedSchema' | 'extraSearchPath'>

/** The schemas in which a tool would find what it names without one; undefined for PostgreSQL's own path. */
export function searchPathOf({ sharedSchema, extraSearchPath }: PathOptions): readonly string[] | undefined {
  const schemas = [...new Set(['public', sharedSchema, ...extraSearchPath])]
  return schemas.length === 1 ? undefined : schemas
}

/** Runs the shared migrations. What stopped them, or undefined. */
export async function readyShared(
  host: TrialHost,
  database: ScratchDatabase,
  shared: MigrationSource,
): Promise<TrialFinding | undefined> {
  await createSchemas(database, host.options)
  const tenancy = host.open(database.config, { shared, tenant: none })
  try {
    const { ok, entries } = await tenancy.migrations.run({ shared: true })
    return ok ? undefined : findingOf(entries.find(({ error }) => error !== undefined)?.error)
  } catch (error) {
    return findingOf(error)
  } finally {
    await tenancy.close()
  }
}

/** @param named extensions that the text of the migrations creates: one of them may drop again what it has created */
export async function tryPlainly(
  { connection }: ScratchDatabase,
  grammar: Grammar,
  migrations: readonly Migration[],
  named: readonly string[],
): Promise<PlainTrial> {
  const [before, known] = [await readBlueprint(connection, 'public'), new Set(await extensionsOf(connection))]
  const created = new Set(named.filter((name) => !known.has(name)))
  const reference = await makeReference(connection, grammar, migrations, async () => {
    for (const name of await extensionsOf(connection)) if (!known.has(name)) created.add(name)
  })
  const extensions = [...created].toSorted()
  if (reference.failure !== undefined) return { reference, extensions }
  return { reference, extensions, result: await readPlainResult(connection, before) }
}

/** The schemas that the configuration expects in its database. */
async function createSchemas({ connection }: ScratchDatabase, { sharedSchema, extraSearchPath }: PathOptions): Promise<void> {
  for (const schema of new Set([sharedSchema, ...extraSearchPath])) {
    await connection.query({ text: `create schema if not exists ${identifier(schema)}` })
  }
}

async function extensionsOf(connection: ScratchDatabase['connection']): Promise<string[]> {
  const { rows } = await connection.query<{ name: string }>(extensionsSql())
  return rows.map(({ name }) => name)
}

const none: MigrationSource = { name: 'none', list: async () => [] }
