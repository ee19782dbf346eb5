/** The transaction of docs/bound-statement.md, as it stands there, on a connection that breaks in the middle. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { createTenancy } from '../../src/index.ts'
import { examplePage } from '../http/page-example.ts'
import { testDatabase } from '../support/servers/database.ts'
import { folderForTest } from '../support/tenants/registry.ts'
import { root } from './declarations.ts'

afterEach(() => vi.unstubAllGlobals())

test('the transaction of the page throws the error that broke it, not that of its rollback, and its connection is replaced', async () => {
  const { directUrl } = await testDatabase()
  const project = await folderForTest({
    'migrations/shared/README.md': '',
    'migrations/tenant/0001_projects.sql': `
      create table projects (id integer generated always as identity, title text not null);
      create table tasks (project_id integer not null);
      create function hang_up() returns trigger language plpgsql as
        $$ begin perform pg_terminate_backend(pg_backend_pid()); return new; end $$;
      create trigger hang_up before insert on tasks for each row execute function hang_up();`,
  })
  const tenancy = createTenancy({ root: project, database: directUrl })
  onTestFinished(() => tenancy.close())
  await tenancy.tenants.create({ schema: 'acme' })
  vi.stubGlobal('tenancy', tenancy)
  const { exampleWith } = await examplePage('docs/bound-statement.md')
  await expect(exampleWith("await client.query('begin')")).rejects.toMatchObject({ code: '57P01' })
  const { rows } = await tenancy.run('acme', () => tenancy.pool.query('select title from projects'))
  expect(rows).toEqual([])
})

test.each(['docs/bound-statement.md', 'docs/orm/pg.md'])('no rollback of %s can hide the error before it', async (path) => {
  const page = await readFile(join(root, path), 'utf8')
  const rollbacks = page.match(/client\.query\('rollback'\).*/g) ?? []
  expect(rollbacks.length).toBeGreaterThan(0)
  for (const rollback of rollbacks) expect(rollback).toContain('.catch(')
})
