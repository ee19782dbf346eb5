/** Applies a random history as psql does, to a new tenant, and to a tenant of a fleet, and compares what they have then. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Client } from 'pg'
import { compareBlueprints } from '../../../src/blueprint/compare-blueprints.ts'
import { readBlueprint } from '../../../src/blueprint/read-blueprint.ts'
import { splitStatements } from '../../../src/sql/lexer.ts'
import { writeFiles, type Registry } from '../tenants/registry.ts'
import { randomHistory, randomOf } from './random-history.ts'

export interface HistoryPlace {
  readonly registry: Pick<Registry, 'create' | 'migrations'>
  /** A client without a tenant. */
  readonly admin: Client
  /** The folder that the registry reads; its migrations are overwritten. */
  readonly root: string
}

/** What differs from psql's result: nothing when all is well. */
export async function differences(place: HistoryPlace, seed: number): Promise<object[]> {
  const random = randomOf(seed)
  const files = randomHistory(random)
  const { registry, admin } = place
  await applyAsPsql(admin, `psql_${seed}`, files)
  const expected = await readBlueprint(admin, `psql_${seed}`)
  const found: object[] = []
  const check = async (schema: string, work: () => Promise<unknown>): Promise<void> => {
    try {
      await work()
      const sentences = compareBlueprints(expected, await readBlueprint(admin, schema)).map(({ sentence }) => sentence)
      if (sentences.length > 0) found.push({ seed, schema, sentences })
    } catch (error) {
      found.push({ seed, schema, error: String(error) })
    }
  }
  await writeHistory(place, files.slice(0, 1 + random(files.length)))
  await registry.create({ schema: `fleet_${seed}` })
  await writeHistory(place, files)
  await check(`created_${seed}`, () => registry.create({ schema: `created_${seed}` }))
  await check(`fleet_${seed}`, async () => {
    const { entries } = await registry.migrations.run({ tenants: `fleet_${seed}` })
    if (entries[0]!.error !== undefined) throw entries[0]!.error
  })
  // A new tenant has to match the others of its kind.
  await admin.query('delete from partywall.tenants')
  for (const schema of ['psql', 'created', 'fleet']) await admin.query(`drop schema if exists ${schema}_${seed} cascade`)
  return found
}

async function writeHistory({ root }: HistoryPlace, files: readonly string[]): Promise<void> {
  await rm(join(root, 'migrations/tenant'), { recursive: true, force: true })
  const named = files.map((text, index) => [`migrations/tenant/${String(index + 1).padStart(4, '0')}_file.sql`, text])
  await writeFiles(root, Object.fromEntries(named))
}

/** Statement by statement, each file in a session as new. */
async function applyAsPsql(admin: Client, schema: string, files: readonly string[]): Promise<void> {
  await admin.query(`create schema ${schema}`)
  for (const text of files) {
    await admin.query('discard all')
    await admin.query(`set search_path to ${schema}`)
    for (const { start, end } of splitStatements(text)) await admin.query(text.slice(start, end))
  }
  await admin.query('discard all')
}
