/**
 * Each operation of a tenant's life is ended before each of its statements in turn: the process is gone, or the server process of the connection. Afterwards the
 * database is as before or as after the operation, or the tenant says what is missing, and a call completes it. Nothing else is left: no schema, no role, no domain,
 * no lock, no row of the catalog.
 *
 * By default each operation under one boundary and before every seventh statement; with PARTYWALL_KILLS=all under both, and before each.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createTenancy, type Boundary, type Config, type Tenancy } from '../../src/index.ts'
import { testDatabase, type TestDatabase } from '../support/servers/database.ts'
import { statementRelayForTest } from '../support/servers/statement-relay.ts'
import { leastPrivilege, type LeastPrivilege } from '../support/tenants/least-privilege.ts'
import { writeFiles } from '../support/tenants/registry.ts'
import { contentOf, newEntries, waitUntilQuiet, type Content } from './kills/content.ts'

const isAll = process.env['PARTYWALL_KILLS'] === 'all'
const stride = isAll ? 1 : 7
const databases: Record<'path' | 'role', TestDatabase> = { path: await testDatabase(), role: await testDatabase() }

const files = {
  'migrations/shared/0001_plans.sql': `create table plans (name text primary key); insert into plans values ('pro')`,
  'migrations/tenant/0001_notes.sql': `
    create type mood as enum ('sad', 'ok');
    create table notes (id int generated always as identity primary key, text text, mood mood default 'ok', plan text references plans);
    create index on notes (text);
    create view texts as select text from notes;`,
  'shop/0001_books.sql': 'create table books (id serial primary key, title text)',
  'shelf/0001_shelves.sql': 'create table shelves (id serial primary key, title text)',
  'seeds/1.sql': `insert into notes (text) values ('one')`,
  'seeds/2.sql': `insert into notes (text) values ('two')`,
}
const root = await mkdtemp(join(tmpdir(), 'partywall-kills-'))
await writeFiles(root, files)
afterAll(() => rm(root, { recursive: true }))

interface Operation {
  run(tenancy: Tenancy<any>): Promise<unknown>
  /** From the state after it back to the state before it. */
  undo(tenancy: Tenancy<any>, admin: Client): Promise<unknown>
  /** Completes what was left half-made; absent where nothing may be. */
  resume?(tenancy: Tenancy<any>): Promise<unknown>
  readonly config?: Config<any>
}

const remove = (schema: string) => (tenancy: Tenancy<any>) => tenancy.tenants.delete(schema, { confirm: schema })
const create = (schema: string) => (tenancy: Tenancy<any>) =>
  tenancy.tenants.create({ schema, domains: [`${schema}.example.com`] })
const books = { schema: 'books', tables: ['books'], kind: 'shop', domains: ['books.example.com'] } as const

const operations: Readonly<Record<string, Operation>> = {
  create: { run: create('fresh'), undo: remove('fresh') },
  'create with seeds': {
    run: create('fresh'),
    undo: remove('fresh'),
    resume: ({ tenants }) => tenants.resume('fresh'),
    config: { seeds: 'seeds' },
  },
  clone: {
    run: ({ tenants }) => tenants.clone('acme', { schema: 'copy', mask: { 'notes.text': 'hash' } }),
    undo: remove('copy'),
  },
  rename: {
    run: ({ tenants }) => tenants.rename('acme', { schema: 'globex', name: 'Globex' }),
    undo: ({ tenants }) => tenants.rename('globex', { schema: 'acme', name: 'acme' }),
  },
  archive: { run: ({ tenants }) => tenants.archive('acme'), undo: ({ tenants }) => tenants.restore('acme') },
  restore: { run: ({ tenants }) => tenants.restore('old'), undo: ({ tenants }) => tenants.archive('old') },
  delete: { run: remove('gone'), undo: create('gone'), resume: remove('gone') },
  'adopt tables': { run: ({ tenants }) => tenants.adopt(books), undo: ({ tenants }) => tenants.release('books') },
  'adopt in place': {
    run: ({ tenants }) => tenants.adopt({ schema: 'shelf', inPlace: true, kind: 'shelf' }),
    async undo({ tenants }, admin) {
      await tenants.release('shelf', { inPlace: true })
      await admin.query('drop table shelf.partywall_migrations')
    },
  },
  release: { run: ({ tenants }) => tenants.release('books'), undo: ({ tenants }) => tenants.adopt(books) },
  'save a template': {
    run: ({ templates }) => templates.save('demo', { from: 'acme', rows: ['notes'] }),
    undo: ({ templates }) => templates.drop('demo'),
    // A run of migrations examines it.
    resume: ({ migrations }) => migrations.run(),
  },
  'drop a template': {
    run: ({ templates }) => templates.drop('demo'),
    undo: ({ templates }) => templates.save('demo', { from: 'acme', rows: ['notes'] }),
  },
}

/** Those that need what another one has made. */
const needs: Readonly<Record<string, (tenancy: Tenancy<any>) => Promise<unknown>>> = {
  restore: async (tenancy) => [await create('old')(tenancy), await tenancy.tenants.archive('old')],
  delete: create('gone'),
  release: ({ tenants }) => tenants.adopt(books),
  'drop a template': ({ templates }) => templates.save('demo', { from: 'acme', rows: ['notes'] }),
}

describe.each(['path', 'role'] as const)('under the boundary %s', (boundary) => {
  const { directUrl } = databases[boundary]
  const admin = new Client(directUrl)
  let own: LeastPrivilege

  beforeAll(async () => {
    own = await leastPrivilege(directUrl, directUrl)
    await admin.connect()
    const owner = new Client(own.deploy)
    await owner.connect()
    const tenancy = open(boundary, own)
    await tenancy.migrations.run()
    await tenancy.tenants.create({ schema: 'acme', domains: ['acme.example.com', 'www.acme.example.com'] })
    await tenancy.run('acme', () => tenancy.pool.query(`insert into notes (text, plan) values ('a', 'pro'), ('b', null)`))
    await owner.query(`
      create table public.books (id serial primary key, title text); insert into public.books (title) values ('x');
      create schema shelf; create table shelf.shelves (id serial primary key, title text); insert into shelf.shelves (title) values ('y')`)
    await tenancy.close()
    await owner.end()
  })
  afterAll(() => admin.end())

  const names = Object.keys(operations).filter((_, index) => isAll || index % 2 === (boundary === 'path' ? 0 : 1))

  test.each(names)('%s is complete, undone or resumed, whenever its process or its connection ends', async (name) => {
    const operation = operations[name]!
    const relay = await statementRelayForTest(directUrl)
    const relayed = { ...own, app: relay.through(own.app), deploy: relay.through(own.deploy) }
    const verifier = open(boundary, own, operation.config)
    onTestFinished(() => verifier.close())
    await needs[name]?.(verifier)
    // Once without a disturbance, so that both states have been there before.
    await operation.run(verifier)
    await operation.undo(verifier, admin)
    const before = await contentOf(admin)
    const entries = await newEntries(admin)
    await operation.run(verifier)
    const [after, recorded] = [await contentOf(admin), await entries()]
    expect(after).not.toEqual(before)
    await operation.undo(verifier, admin)
    expect(await contentOf(admin)).toEqual(before)

    for (const victim of ['process', 'connection'] as const) {
      // The two begin at different statements, so that they meet more of them together.
      for (let number = isAll || victim === 'process' ? 1 : 4, isReached = true; isReached; number += stride) {
        await entries()
        isReached = false
        let place = ''
        const tenancy = open(boundary, relayed, operation.config)
        await tenancy.ready()
        relay.watch(async ({ number: current, text, pid }) => {
          if (current !== number) return 'pass'
          isReached = true
          place = `the ${victim} ended before statement ${number}: ${text.slice(0, 200)}`
          if (victim === 'process') return 'cut'
          await admin.query('select pg_terminate_backend($1, 5000)', [pid])
          return 'pass'
        })
        const error = await operation.run(tenancy).then(
          () => undefined,
          (thrown: unknown) => thrown,
        )
        relay.rest()
        await tenancy.close()
        await waitUntilQuiet(admin)
        const content = await contentOf(admin)
        if (isEqual(content, before)) {
          expect([place, error]).toEqual([place, expect.any(Error)])
          expect([place, await entries()]).toEqual([place, []])
          continue
        }
        if (isEqual(content, after)) expect([place, await entries()]).toEqual([place, recorded])
        else {
          expect([place, error]).toEqual([place, expect.any(Error)])
          if (operation.resume === undefined) expect({ place, content }).toEqual({ place, content: after })
          await operation.resume!(verifier)
          expect({ place, content: await contentOf(admin) }).toEqual({ place, content: after })
        }
        await operation.undo(verifier, admin)
        expect({ place, content: await contentOf(admin) }).toEqual({ place, content: before })
      }
    }
  })
})

function open(
  boundary: Boundary,
  { app, deploy }: Pick<LeastPrivilege, 'app' | 'deploy'>,
  config: Config<any> = {},
): Tenancy<any> {
  return createTenancy<any>({
    root,
    boundary,
    tenantCacheMs: 0,
    seeds: false,
    database: { connectionString: app, deploy },
    migrations: { tenant: { default: 'migrations/tenant', shop: 'shop', shelf: 'shelf' } },
    ...config,
  })
}

function isEqual(one: Content, other: Content): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
