/**
 * `tenants.create` of a tenant with 20 tables, from the template of its kind, against the same statements in one text and one transaction of plain pg (`floor`), and
 * against its 40 migrations, and against a schema that is ready (`warm`): one at a time, beside 10, 1,000 and 10,000 other schemas. `BENCH_SCHEMAS=10,1000` measures only these.
 */
import { Client } from 'pg'
import { createTenancy, type Tenancy } from '../../packages/partywall/src/index.ts'
import { identifier } from '../../packages/partywall/src/names/identifier.ts'
import { joined, suffixed, type Comparison } from '../measuring/comparison.ts'
import type { Outcome } from '../measuring/outcome.ts'
import { compare, player, type Player } from '../measuring/rounds.ts'
import { rounded } from '../measuring/statistics.ts'
import { withClient } from '../migrations/fleet.ts'

const sizes = (process.env['BENCH_SCHEMAS'] ?? '10,1000,10000').split(',').map(Number)
const tables = 20
const plan = { callers: 1, pieces: 10, warmUp: 3, rounds: 7 }
/** More than a round uses. */
const mostReady = 20

/** Twenty tables with 60 indexes, 19 foreign keys and 20 triggers, in two files for each table. */
const texts = [
  `create function touch() returns trigger language plpgsql as $$ begin new.changed_at := now(); return new; end $$`,
  ...Array.from({ length: tables }, (_, number) => [
    `create table items_${number} (
      id bigint generated always as identity primary key,
      ${number === 0 ? '' : `parent_id bigint references items_${number - 1},`}
      name text not null,
      amount numeric default 0,
      changed_at timestamptz not null default now()
    )`,
    `create index on items_${number} (name);
    create index on items_${number} (changed_at, amount);
    create trigger touch before update on items_${number} for each row execute function touch()`,
  ]).flat(),
]

const migrations = texts.map((text, index) => {
  const name = `${String(index).padStart(4, '0')}_step`
  return { name, file: name, checksum: 'bench', up: { kind: 'sql', text, line: 1 } } as const
})

export async function provision(url: string): Promise<Outcome> {
  const measured: [number, Comparison][] = []
  for (const size of sizes) measured.push([size, await beside(url, size)])
  const comparison = measured.map(([size, one]) => suffixed(one, `${size} schemas`)).reduce((all, one) => joined(all, one))
  const medians = measured.map(([, { figures }]) => figures['template']!.p50Ms)
  return {
    tenants: sizes.at(-1)!,
    rounds: plan.rounds,
    ...comparison,
    figures: { ...comparison.figures, growth: { factor: rounded(medians.at(-1)! / medians[0]!) } },
  }
}

async function beside(url: string, size: number): Promise<Comparison> {
  const database = `partywall_bench_create_${size}`
  const own = Object.assign(new URL(url), { pathname: `/${database}` }).href
  await makeDatabase(url, own, database, size)
  const open = (template: boolean, ready = 0): Tenancy =>
    createTenancy({
      database: own,
      migrations: { shared: false, tenant: { name: 'bench', list: async () => migrations }, template },
      warm: { size: ready },
    })
  await using fromTemplate = open(true)
  await using fromMigrations = open(false)
  // The one fills, and the other uses what is there: it finds one more than it wants, so it makes none in the background of a measurement.
  await using filling = open(true, mostReady)
  await using fromReady = open(true, 1)
  await fromTemplate.migrations.run()
  const client = new Client(own)
  await client.connect()
  try {
    return await compare(
      creator('template', (schema) => fromTemplate.tenants.create({ schema })),
      [
        creator('floor', (schema) => client.query(floor(schema))),
        creator('migrations', (schema) => fromMigrations.tenants.create({ schema })),
        creator('warm', (schema) => fromReady.tenants.create({ schema })),
      ],
      {
        ...plan,
        beforeRound: async () => {
          await removeTenants(own)
          await filling.warm.fill()
        },
      },
    )
  } finally {
    await client.end()
    await filling.warm.drop()
    await removeTenants(own)
  }
}

function floor(schema: string): string {
  return `begin; create schema ${identifier(schema)}; set local search_path to ${identifier(schema)}; ${texts.join(';\n')}; commit`
}

function creator(name: string, create: (schema: string) => Promise<unknown>): Player {
  let number = 0
  return player({
    name,
    work: () => create(`made_${name}_${String(number++).padStart(6, '0')}`),
    close: async () => {},
  })
}

/** Made once and kept. */
async function makeDatabase(url: string, own: string, database: string, size: number): Promise<void> {
  await withClient(url, async (admin) => {
    if ((await admin.query('select from pg_database where datname = $1', [database])).rows.length > 0) return
    await admin.query(`create database ${database}`)
  })
  await withClient(own, async (client) => {
    await client.query('set synchronous_commit to off')
    const { rows } = await client.query(`select count(*)::integer as made from pg_namespace where nspname ~ '^other_'`)
    for (let number = rows[0].made; number < size; number++) {
      const others = Array.from(
        { length: 3 },
        (_, table) => `create table other_${number}.t${table} (id bigserial primary key, name text);`,
      )
      await client.query(`begin; create schema other_${number}; ${others.join(' ')} commit`)
      if (number % 500 === 0) process.stderr.write(`${number} of ${size} schemas\r`)
    }
    await client.query('vacuum analyze')
  })
}

async function removeTenants(url: string): Promise<void> {
  await withClient(url, async (admin) => {
    const { rows } = await admin.query<{ schema: string }>(
      `select nspname::text as schema from pg_namespace where nspname ~ '^made_'`,
    )
    for (const { schema } of rows) {
      await admin.query(
        `begin; set local client_min_messages to error; drop schema ${identifier(schema)} cascade; delete from partywall.tenants where schema = '${schema}'; commit`,
      )
    }
  })
}
