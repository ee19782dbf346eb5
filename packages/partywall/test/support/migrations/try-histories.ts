/** Tries many random histories: `try-histories.ts <first seed> <number of seeds>`. Prints each difference from psql. */
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { acquireEmbedded } from '../../../src/embedded/embedded.ts'
import { openRegistry } from '../tenants/registry.ts'
import { differences } from './compare-histories.ts'

/** So many histories share one database. */
const perDatabase = 100

const [from, seeds] = process.argv.slice(2).map(Number) as [number, number]
const folder = await realpath(await mkdtemp(join(tmpdir(), 'partywall-histories-')))
const given = process.env['DATABASE_URL']
const server =
  given === undefined ? await acquireEmbedded({ directory: join(folder, 'server'), settings: { fsync: 'off' } }) : undefined
const url = given ?? server!.url
let found = 0
try {
  for (let seed = from; seed < from + seeds; seed += perDatabase) await tryIn(seed, Math.min(seed + perDatabase, from + seeds))
  console.log(`${seeds} histories, ${found} differences`)
} finally {
  await server?.release()
  await rm(folder, { recursive: true, force: true })
}
process.exitCode = found === 0 ? 0 : 1

async function tryIn(first: number, end: number): Promise<void> {
  const name = `partywall_histories_${first}`
  await asAdmin(url, `drop database if exists ${name}`, `create database ${name}`)
  const database = new URL(url)
  database.pathname = `/${name}`
  const admin = new Client(database.href)
  await admin.connect()
  const registry = openRegistry(database.href, { root: folder })
  try {
    for (let seed = first; seed < end; seed++) {
      for (const difference of await differences({ registry, admin, root: folder }, seed)) {
        found += 1
        console.log(JSON.stringify(difference, null, 2))
      }
    }
  } finally {
    await registry.close()
    await admin.end()
  }
  await asAdmin(url, `drop database ${name}`)
}

async function asAdmin(connectionString: string, ...statements: readonly string[]): Promise<void> {
  const client = new Client(connectionString)
  await client.connect()
  for (const statement of statements) await client.query(statement)
  await client.end()
}
