/** A small application with tenants, in a folder of the repository, so that it finds the packages: what partywall/testing is tried with. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { atFileEnd } from '../support/run/file-end.ts'

export const repository = fileURLToPath(new URL('../../../../', import.meta.url))

const sharedTables = `create table plans (name text primary key); insert into plans values ('free');`
const tenantTables = `
  create table settings (name text primary key, value text not null);
  insert into settings values ('theme', 'dark');
  create table projects (id int generated always as identity primary key, title text not null unique);
  create table tasks (id int generated always as identity primary key, project int not null references projects, title text not null);
`

const config = `
import { byHost, createTenancy } from 'partywall'
export const open = (database: string) =>
  createTenancy({ root: import.meta.dirname, database, resolve: [byHost({ base: 'example.com' })], migrations: { template: true } })
`

const app = `
import express from 'express'
import { requireTenant, tenancyErrors, tenantScope } from 'partywall/express'
import type { Tenancy } from 'partywall'
export function createApp(tenancy: Tenancy) {
  const app = express()
  app.use(tenantScope(tenancy))
  app.use(express.json())
  app.get('/projects', requireTenant(), async (_req, res) => void res.json((await tenancy.pool.query('select title from projects order by id')).rows))
  app.post('/projects', requireTenant(), async (req, res) => {
    const client = await tenancy.pool.connect()
    try {
      await client.query('begin')
      await client.query('insert into projects (title) values ($1)', [req.body.title])
      await client.query(req.body.undo ? 'rollback' : 'commit')
      res.status(201).json({ tenant: req.tenant!.schema })
    } finally {
      client.release()
    }
  })
  app.use(tenancyErrors({ log: () => {} }))
  return app
}
`

/** Its folder, removed at the end of the test file. @param files more files, by path */
export async function project(files: Record<string, string> = {}): Promise<string> {
  await mkdir(join(repository, '.partywall'), { recursive: true })
  const folder = await mkdtemp(join(repository, '.partywall', 'testing-'))
  atFileEnd(() => rm(folder, { recursive: true, force: true }))
  const all = {
    'package.json': '{ "name": "app", "type": "module" }',
    'migrations/shared/0001_plans.sql': sharedTables,
    'migrations/tenant/0001_projects.sql': tenantTables,
    'config.ts': config,
    'app.ts': app,
    ...files,
  }
  for (const [path, content] of Object.entries(all)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
  return folder
}
