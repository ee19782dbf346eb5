/** Random schemas are copied, as the awkward ones of `awkward.ts` are. `BLUEPRINT_SEED=5 npm test -- …` tries one of them again. */
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TenancyError } from '../../src/errors.ts'
import { compareBlueprints } from '../../src/blueprint/compare-blueprints.ts'
import { testDatabase } from '../support/servers/database.ts'
import { sharedObjects } from './awkward.ts'
import { copySchema } from './copies.ts'
import { randomStatements } from './random-schema.ts'

const { directUrl } = await testDatabase()
const client = new Client({ connectionString: directUrl })
beforeAll(async () => {
  await client.connect()
  await client.query(sharedObjects)
})
afterAll(() => client.end())

const given = process.env['BLUEPRINT_SEED']
const count = Number(process.env['BLUEPRINT_SEEDS'] ?? 6)
const first = Math.floor(Math.random() * 1_000_000_000)
const seeds = given === undefined ? Array.from({ length: count }, (_, index) => first + index) : [Number(given)]

test(`a copy of a random schema has its structure: seeds from ${seeds[0]!}`, { timeout: 30_000 + count * 3000 }, async () => {
  const found: object[] = []
  let copied = 0
  for (const seed of seeds) {
    await build(randomStatements(seed, 70))
    try {
      const { original, copy } = await copySchema(client, 'source', 'target')
      const sentences = compareBlueprints(original, copy).map(({ sentence }) => sentence)
      if (sentences.length > 0) found.push({ seed, sentences })
      copied++
    } catch (error) {
      if (!(error instanceof TenancyError) || error.code !== 'UNSUPPORTED_OBJECT') found.push({ seed, error: String(error) })
    }
    await client.query('drop schema source cascade; drop schema if exists target cascade')
  }
  expect(found).toEqual([])
  expect(copied).toBeGreaterThan(0)
})

/** Each statement for itself: one that fails leaves nothing. */
async function build(statements: readonly string[]): Promise<void> {
  await client.query('create schema source; set search_path = source')
  for (const statement of statements) await client.query(statement).catch(() => {})
  await client.query('reset search_path')
}
