/** Tenants with a table, and a folder of migrations that grows. */
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { byHost, createTenancy, type Config } from 'partywall'
import { Client } from 'pg'
import { folderWith } from '../../../partywall/test/cli/partywall.ts'
import { atFileEnd } from '../../../partywall/test/support/run/file-end.ts'
import { testDatabase } from '../../../partywall/test/support/servers/database.ts'
import type { AnyTenancy } from '../../src/parts.ts'

export interface Fleet {
  readonly tenancy: AnyTenancy
  readonly admin: Client
  readonly url: string
  readonly root: string
  file(name: string, sql: string): Promise<void>
  removeFile(name: string): Promise<void>
}

export async function fleetOf(schemas: readonly string[], config: Partial<Config> = {}): Promise<Fleet> {
  const { url } = await testDatabase()
  const root = await folderWith({
    'migrations/shared/0001_plans.sql': 'create table plans (id integer primary key);',
    'migrations/tenant/0001_polls.sql': 'create table polls (id integer primary key, title text not null);',
  })
  const tenancy = createTenancy({ database: url, root, resolve: [byHost({ base: 'example.com' })], ...config })
  const admin = new Client(url)
  await admin.connect()
  atFileEnd(async () => {
    await tenancy.close()
    await admin.end()
  })
  await tenancy.migrations.run()
  for (const schema of schemas) await tenancy.tenants.create({ schema })
  const path = (name: string): string => join(root, 'migrations', name)
  return {
    tenancy,
    admin,
    url,
    root,
    file: (name, sql) => writeFile(path(name), sql),
    removeFile: (name) => rm(path(name)),
  }
}
