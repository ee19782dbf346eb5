/**
 * What a test waits for with partywall/testing: a tenant that was made ahead (`ready`), one with the rows of the last test taken away (`reuse`), a transaction that is rolled
 * back (`transaction`), and a tenant from the template (`template`); against the statements of its 12 tables in one text and one transaction of plain pg (`floor`).
 */
import { Client } from 'pg'
import { createTenancy, type Tenancy } from '../../packages/partywall/src/index.ts'
import { identifier } from '../../packages/partywall/src/names/identifier.ts'
import { openTestDatabase } from '../../packages/partywall/src/testing/testing.ts'
import type { Outcome } from '../measuring/outcome.ts'
import { compare, player, type Player } from '../measuring/rounds.ts'

const plan = { callers: 1, pieces: 10, warmUp: 3, rounds: 7 }
const tables = 12

const texts = Array.from(
  { length: tables },
  (_, number) => `
    create table items_${number} (
      id bigint generated always as identity primary key,
      ${number === 0 ? '' : `parent_id bigint references items_${number - 1},`}
      name text not null,
      changed_at timestamptz not null default now()
    );
    create index on items_${number} (name)`,
)
const migrations = texts.map((text, index) => {
  const name = `${String(index).padStart(4, '0')}_step`
  return { name, file: name, checksum: 'test-tenant', up: { kind: 'sql', text, line: 1 } } as const
})

const open = (database: string): Tenancy =>
  createTenancy({
    database,
    migrations: { shared: false, tenant: { name: 'bench', list: async () => migrations }, template: true },
  })

export async function testTenant(url: string): Promise<Outcome> {
  await using database = await openTestDatabase({ open, server: url, ready: plan.pieces + 1 })
  const transactions = await database.transactions()
  const kept = await database.tenant({ reuse: true })
  const write = (tenancy: Tenancy) => tenancy.run(kept, () => tenancy.pool.query(`insert into items_0 (name) values ('x')`))
  const client = new Client(database.url)
  await client.connect()
  try {
    const result = await compare(
      named('ready', () => database.tenant()),
      [
        named('floor', (schema) => client.query(floor(schema))),
        named('template', (schema) => database.tenant({ schema })),
        named('reuse', async () => {
          await write(database.tenancy)
          await database.tenant({ reuse: true })
        }),
        named('transaction', async () => {
          await using _transaction = await transactions.begin()
          await write(transactions.tenancy)
        }),
      ],
      { ...plan, beforeRound: () => database.fill() },
    )
    return { tenants: plan.rounds * plan.pieces, rounds: plan.rounds, ...result }
  } finally {
    await client.end()
  }
}

function floor(schema: string): string {
  return `begin; create schema ${identifier(schema)}; set local search_path to ${identifier(schema)}; ${texts.join(';\n')}; commit`
}

function named(name: string, work: (schema: string) => Promise<unknown>): Player {
  let number = 0
  return player({ name, work: () => work(`made_${name}_${String(number++).padStart(6, '0')}`), close: async () => {} })
}
