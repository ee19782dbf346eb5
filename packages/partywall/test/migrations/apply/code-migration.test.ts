import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { assertFleetOk } from '../../../src/fleet/report.ts'
import { testDatabase } from '../../support/servers/database.ts'
import { writeFiles } from '../../support/tenants/registry.ts'
import { rowsIn, tablesIn, tenantsWithPolls } from '../run/one-database.ts'

let url: string
beforeEach(async () => {
  ;({ url } = await testDatabase())
})

describe('a migration in TypeScript', () => {
  test('writes to its own tenant, with values as parameters', async () => {
    const { migrations, root } = await tenantsWithPolls(url, ['a', 'b'])
    await writeFiles(root, {
      'migrations/tenant/0002_code.ts': `
        type Row = { id: number }
        export async function up({ client, tenant, sql }: any): Promise<void> {
          await client.query('insert into polls values ($1)', [tenant.schema.length])
          const { rows } = await client.query(sql\`select id from \${sql.identifier(tenant.schema, 'polls')} where id = \${1}\`)
          if ((rows as Row[]).length !== 1) throw new Error('not there')
          client.query('insert into polls values (2)')
        }`,
    })
    expect(await migrations.run()).toMatchObject({ ok: true })
    expect(await rowsIn(url, 'select id from a.polls order by id')).toEqual([{ id: 1 }, { id: 2 }])
    expect(await rowsIn(url, 'select id from b.polls order by id')).toEqual([{ id: 1 }, { id: 2 }])
  })

  test('changes settings for itself alone, and not the role', async () => {
    const { migrations, root } = await tenantsWithPolls(url, ['a'])
    await writeFiles(root, {
      'migrations/tenant/0002_code.ts': `
        export async function up({ client }) {
          await client.query('set local session_replication_role = replica')
          await client.query('savepoint before')
          client.query("set time zone 'Asia/Tokyo'")
          await client.query('rollback to before')
          await client.query("set datestyle = german")
        }`,
      'migrations/tenant/0003_shown.sql': `
        create table shown as
        select concat_ws(', ', current_setting('session_replication_role'), current_setting('timezone') = 'Asia/Tokyo', current_setting('datestyle')) as settings`,
    })
    assertFleetOk(await migrations.run())
    expect(await rowsIn(url, 'select settings from a.shown')).toEqual([{ settings: 'origin, f, ISO, MDY' }])
    await writeFiles(root, {
      'migrations/tenant/0004_role.ts': `export const up = ({ client }) => client.query('set local role pg_monitor')`,
    })
    const [entry] = (await migrations.run({ tenants: true })).entries
    expect(entry).toMatchObject({ error: { message: expect.stringContaining('0004_role.ts sends a change of role') } })
  })

  test('gets no tenant in the shared folder', async () => {
    const { migrations, root } = await tenantsWithPolls(url, [])
    await writeFiles(root, {
      'migrations/shared/0001_code.ts': `
        export const up = async ({ client, tenant }: any) => {
          if (tenant !== undefined) throw new Error('a tenant')
          await client.query('create table made ()')
        }`,
    })
    assertFleetOk(await migrations.run())
    expect(await tablesIn(url, 'public')).toEqual(['made', 'partywall_migrations'])
  })

  test('fails by a query that it did not await, and cannot query after its end', async () => {
    const { migrations, root } = await tenantsWithPolls(url, ['a'])
    await writeFiles(root, {
      'migrations/tenant/0002_forgets.ts': `
        export async function up({ client }) {
          await client.query('create table x ()')
          client.query('select * from nowhere')
        }`,
    })
    const [entry] = (await migrations.run({ tenants: true })).entries
    expect(entry).toMatchObject({ state: 'failed', error: { code: 'MIGRATION_FAILED', details: { sqlState: '42P01' } } })
    expect(await tablesIn(url, 'a')).not.toContain('x')
    await rm(join(root, 'migrations/tenant/0002_forgets.ts'))
    await writeFiles(root, {
      'migrations/tenant/0002_late.ts': `
        export async function up({ client }) {
          globalThis.late = new Promise((resolve) => setTimeout(resolve, 100)).then(() => client.query('create table x ()'))
        }`,
    })
    expect(await migrations.run()).toMatchObject({ ok: true })
    await expect((globalThis as unknown as { late: Promise<unknown> }).late).rejects.toMatchObject({ code: 'RELEASED_CLIENT' })
  })

  test('sends one statement after the other when its code sends several at once', async () => {
    const { migrations, root } = await tenantsWithPolls(url, ['a'])
    const warnings: string[] = []
    const note = ({ message }: Error): void => void warnings.push(message)
    process.on('warning', note)
    await writeFiles(root, {
      'migrations/tenant/0002_parallel.ts': `
        export async function up({ client }) {
          await client.query('create table steps (at serial, name text)')
          const names = ['a', 'b', 'c']
          await Promise.all(names.map((name) => client.query('insert into steps (name) values ($1)', [name])))
          const failed = await Promise.allSettled([client.query('savepoint x'), client.query('select * from nowhere'), client.query('rollback to savepoint x')])
          if (failed.map(({ status }) => status[0]).join() !== 'f,r,f') throw new Error('order')
        }`,
    })
    expect(await migrations.run({ tenants: true })).toMatchObject({ ok: true })
    expect(await rowsIn(url, 'select name from a.steps order by at')).toEqual([{ name: 'a' }, { name: 'b' }, { name: 'c' }])
    process.off('warning', note)
    expect(warnings).toEqual([])
  })

  test('can continue from a savepoint after a failed query', async () => {
    const { migrations, root } = await tenantsWithPolls(url, ['a'])
    await writeFiles(root, {
      'migrations/tenant/0002_tries.ts': `
        export async function up({ client }) {
          await client.query('savepoint before')
          await client.query('select * from nowhere').catch(() => client.query('rollback to savepoint before'))
          await client.query('create table x ()')
        }`,
      'migrations/tenant/0003_fails.ts': `
        export async function up({ client }) {
          await client.query('savepoint before')
          await client.query('rollback to savepoint before')
          await client.query('select * from nowhere').catch(() => {})
        }`,
    })
    expect(await migrations.run({ tenants: true, to: '0002' })).toMatchObject({ ok: true })
    expect(await tablesIn(url, 'a')).toContain('x')
    expect(await migrations.run({ tenants: true })).toMatchObject({ ok: false })
  })

  test('keeps nothing when it throws, and its error becomes the cause', async () => {
    const { migrations, root } = await tenantsWithPolls(url, ['a'])
    await writeFiles(root, {
      'migrations/tenant/0002_throws.ts': `
        export async function up({ client }) {
          await client.query('create table x ()')
          throw new RangeError('row with my-secret')
        }`,
    })
    const [entry] = (await migrations.run({ tenants: true })).entries
    expect(entry!.error).toMatchObject({ code: 'MIGRATION_FAILED', cause: { message: 'row with my-secret' } })
    expect((entry!.error as Error).message).not.toContain('my-secret')
    expect(await tablesIn(url, 'a')).toEqual(['partywall_migrations', 'polls'])
  })
})
