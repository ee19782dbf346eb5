import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Umzug } from 'umzug'
import { describe, expect, test } from 'vitest'
import { umzugMigrations } from '../../../src/orm/umzug.ts'
import { sourceContract } from '../../contract/migration-source.ts'
import { fixture, toolFolder } from '../../support/migrations/fixtures.ts'
import { registryForTest } from '../../support/tenants/registry.ts'
import { tenantOf } from '../../support/tenants/tenant-of-source.ts'

sourceContract('Umzug', {
  folder: 'umzug-3.8.3/migrations',
  entry: ['partywall/umzug', 'umzugMigrations'],
  options: { tableName: 'SequelizeMeta' },
  source: (folder) => umzugMigrations(folder, { tableName: 'SequelizeMeta' }),
  names: ['2026.11.21T07.01.44.init.js', '2026.11.21T07.01.45.pages.sql'],
  withDown: ['2026.11.21T07.01.44.init.js', '2026.11.21T07.01.45.pages.sql'],
  hasLines: false,
  table: 'SequelizeMeta',
  leaks: [],
  async add(folder, sql) {
    const name = '2026.11.22T00.00.00.added.js'
    await writeFile(join(folder, name), `exports.up = ({ context }) => context.client.query(${JSON.stringify(sql)})\n`)
    return { name, file: join(folder, name) }
  },
  async migrate(folder, { client }) {
    // Umzug leaves the storage to the project; the table is that of its SequelizeStorage.
    await client.query('create table if not exists "SequelizeMeta" (name varchar(255) primary key)')
    const umzug = new Umzug({
      context: { client },
      logger: undefined,
      migrations: {
        glob: join(folder, '*.{js,sql}'),
        resolve: (params) =>
          params.path!.endsWith('.sql')
            ? { name: params.name, up: async () => client.query(await readFile(params.path!, 'utf8')) }
            : Umzug.defaultResolver(params),
      },
      storage: {
        logMigration: async ({ name }) => void (await client.query('insert into "SequelizeMeta" values ($1)', [name])),
        unlogMigration: async ({ name }) => void (await client.query('delete from "SequelizeMeta" where name = $1', [name])),
        executed: async () => (await client.query('select name from "SequelizeMeta" order by name')).rows.map(({ name }) => name),
      },
    })
    await umzug.up()
  },
})

describe('umzugMigrations', () => {
  test('gives migrations the context that the project makes', async () => {
    const folder = await toolFolder({
      '1.ts': `export const up = async ({ name, path, context }: any): Promise<void> => {
        await context.db('create table x (name text, file text, tenant text)')
        await context.db('insert into x values ($1, $2, $3)', [name, path, context.schema])
      }`,
    })
    const source = umzugMigrations(folder, {
      context: async ({ client, tenant }) => ({
        db: (text: string, values?: unknown[]) => client.query(text, values),
        schema: tenant.schema,
      }),
    })
    const { createTenant, rows } = await tenantOf(source)
    await createTenant()
    expect(await rows('select * from a.x')).toEqual([{ name: '1.ts', file: join(folder, '1.ts'), tenant: 'a' }])
  })

  test('gives migrations the context of partywall by default', async () => {
    const folder = await toolFolder({
      '1.js': `exports.up = ({ context: { client, sql, tenant } }) => client.query(sql\`select set_config('x.y', \${tenant.schema}, true)\`)`,
    })
    await (await tenantOf(umzugMigrations(folder))).createTenant()
  })

  test('imports no history unless the options name its table', async () => {
    const { admin, createTenant, url } = await tenantOf(umzugMigrations(await toolFolder({})))
    await createTenant()
    await admin.query(`create table a.done (file text); insert into a.done values ('2026.11.21T07.01.44.init.js')`)
    const status = async (options: object) => {
      const source = umzugMigrations(fixture('umzug-3.8.3/migrations'), options)
      return (
        await registryForTest(url, { migrations: { tenant: source, shared: false } }).migrations.status({ tenants: true })
      )[0]
    }
    expect(await status({})).toMatchObject({ applied: 0 })
    expect(await status({ tableName: 'done', columnName: 'file' })).toMatchObject({
      applied: 1,
      pending: ['2026.11.21T07.01.45.pages.sql'],
    })
  })
})
