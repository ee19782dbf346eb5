/** A database with a tenant and with tables to adopt, an owner of them, and an application with few rights, under one boundary. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { createTenancy, type Boundary, type Config, type Tenancy } from '../../../src/index.ts'
import type { TestDatabase } from '../../support/servers/database.ts'
import { leastPrivilege, type LeastPrivilege } from '../../support/tenants/least-privilege.ts'
import { writeFiles } from '../../support/tenants/registry.ts'

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

export interface Ground {
  readonly own: LeastPrivilege
  /** A superuser. */
  readonly admin: Client
  /** @param urls others that lead to the same database */
  open(config?: Config<any>, urls?: Pick<LeastPrivilege, 'app' | 'deploy'>): Tenancy<any>
  configFor(urls: Pick<LeastPrivilege, 'app' | 'deploy'>): Config<any>
  end(): Promise<void>
}

export async function ground(boundary: Boundary, { directUrl }: TestDatabase): Promise<Ground> {
  const own = await leastPrivilege(directUrl, directUrl)
  const root = await mkdtemp(join(tmpdir(), 'partywall-kills-'))
  await writeFiles(root, files)
  const [admin, owner] = [new Client(directUrl), new Client(own.deploy)]
  await Promise.all([admin.connect(), owner.connect()])
  const configFor = ({ app, deploy }: Pick<LeastPrivilege, 'app' | 'deploy'>): Config<any> => ({
    root,
    boundary,
    tenantCacheMs: 0,
    seeds: false,
    database: { connectionString: app, deploy },
    migrations: { tenant: { default: 'migrations/tenant', shop: 'shop', shelf: 'shelf' } },
  })
  const open: Ground['open'] = (config = {}, urls = own) => createTenancy<any>({ ...configFor(urls), ...config })
  const tenancy = open()
  await tenancy.migrations.run()
  await tenancy.tenants.create({ schema: 'acme', domains: ['acme.example.com', 'www.acme.example.com'] })
  await tenancy.run('acme', () => tenancy.pool.query(`insert into notes (text, plan) values ('a', 'pro'), ('b', null)`))
  await owner.query(`
    create table public.books (id serial primary key, title text); insert into public.books (title) values ('x');
    create schema shelf; create table shelf.shelves (id serial primary key, title text); insert into shelf.shelves (title) values ('y')`)
  await Promise.all([tenancy.close(), owner.end()])
  return { own, admin, open, configFor, end: async () => void (await Promise.all([admin.end(), rm(root, { recursive: true })])) }
}
