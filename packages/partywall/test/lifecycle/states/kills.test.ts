/**
 * kill -9 in each statement of a move: before it, the process waits for a lock that the test holds. Afterwards the tenant is as it was before, or as it
 * is after the move; a deletion continues; and no state of it can be entered that lacks tables.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTenancy } from '../../../src/index.ts'
import { awaySchema } from '../../../src/names/identifier.ts'
import { testDatabase } from '../../support/servers/database.ts'
import { folderForTest } from '../../support/tenants/registry.ts'

const { url } = await testDatabase()
const moving = fileURLToPath(new URL('moving.ts', import.meta.url))
const admin = new Client(url)
beforeAll(() => admin.connect())
afterAll(() => admin.end())

/** What the process waits for, from the first statement of a move to the last. */
const places = {
  'the row': `select from partywall.tenants for update`,
  'the schema': `lock table pg_catalog.pg_namespace in share row exclusive mode`,
  'the audit': `lock table partywall.audit in share row exclusive mode`,
  'a table': `lock table notes_of.notes in share mode`,
} as const

test(
  'a process that is killed in any step of a move leaves the tenant as before or as after, and the move can be done again',
  { timeout: 120_000 },
  async () => {
    const root = await folderForTest({
      'migrations/tenant/0001_notes.sql': 'create table notes (id int); create table more (id int)',
    })
    const tenancy = createTenancy({ database: url, root, tenantCacheMs: 0 })
    const { tenants } = tenancy
    const { id } = await tenants.create({ schema: 'acme', domains: ['acme.example.com'] })
    await tenancy.run(id, () => tenancy.pool.query('insert into notes values (1)'))

    const kill = async (
      call: string,
      ref: string,
      options: object,
      place: keyof typeof places,
      schema: string,
    ): Promise<void> => {
      await admin.query('begin')
      await admin.query(places[place].replace('notes_of', schema))
      const child = spawn(process.execPath, [...process.execArgv, moving, url, root, call, ref, JSON.stringify(options)], {
        stdio: 'ignore',
      })
      // Its own pid alone.
      const waiting = `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`
      const other = new Client(url)
      await other.connect()
      await expect
        .poll(async () => (await other.query(waiting)).rows.length, { timeout: 60_000, interval: 20 })
        .toBeGreaterThan(0)
      child.kill('SIGKILL')
      await once(child, 'exit')
      await admin.query('rollback')
      // The statement of a killed client runs to its end on the server.
      const busy = `select from pg_stat_activity where state <> 'idle' and datname = current_database() and pid <> pg_backend_pid()`
      await expect.poll(async () => (await other.query(busy)).rows.length, { timeout: 60_000, interval: 20 }).toBe(0)
      await other.end()
    }
    const notes = (ref: string): Promise<unknown> =>
      tenancy.run(ref, async () => (await tenancy.pool.query('select * from notes')).rows)

    // Before the schema is renamed, and after it, when the row is changed.
    for (const place of ['the schema', 'the audit'] as const) {
      await kill('rename', id, { schema: 'globex' }, place, 'acme')
      expect(await tenants.get(id)).toMatchObject({ schema: 'acme', status: 'active' })
      expect(await notes(id)).toEqual([{ id: 1 }])
    }
    await kill('archive', id, {}, 'the audit', 'acme')
    expect(await tenants.get('acme.example.com')).toMatchObject({ schema: 'acme', status: 'active' })
    await tenants.archive(id)
    await kill('restore', 'acme', {}, 'the audit', awaySchema(id))
    expect(await tenants.get(id)).toMatchObject({ status: 'archived', archivedSchema: 'acme' })
    expect(await tenancy.domains.list(id)).toEqual([])
    expect((await tenants.restore('acme')).domains).toMatchObject([{ domain: 'acme.example.com', isPrimary: true }])
    expect(await notes('acme')).toEqual([{ id: 1 }])

    const confirm = { confirm: 'acme' }
    await kill('delete', 'acme', confirm, 'the audit', 'acme')
    expect(await notes(id)).toEqual([{ id: 1 }])
    await kill('delete', 'acme', confirm, 'a table', 'acme')
    expect(await tenants.get(id)).toMatchObject({ status: 'deleting', schema: awaySchema(id) })
    for (const options of [{}, { allowInactive: true, repair: true }])
      await expect(tenancy.run(id, () => 1, options)).rejects.toMatchObject({
        code: 'TENANT_SUSPENDED',
        details: { status: 'deleting' },
      })
    await expect(tenants.restore(id)).rejects.toMatchObject({ code: 'INVALID_TENANT_MOVE' })
    await kill('delete', 'acme', confirm, 'the row', 'acme')
    const heir = await tenants.create({ schema: 'acme' })
    // Which of the two is meant?
    await expect(tenants.delete('acme', confirm)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await tenants.delete(id, confirm)
    expect(await tenants.find(id)).toBeUndefined()
    expect(await tenants.get('acme')).toEqual(heir)
    expect((await admin.query(`select from pg_namespace where nspname = $1`, [awaySchema(id)])).rows).toEqual([])
    await tenancy.close()
  },
)
