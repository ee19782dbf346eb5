/**
 * Rows of a tenant in a table that all share. Under `path` the setting of the binding says whose rows a statement sees, and any SQL can change it; under
 * `role` and for a login of the tenant's own it is the role, and hostile SQL changes nothing.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text as readAll } from 'node:stream/consumers'
import { Client } from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTenancy, protect, type Tenancy } from '../../src/index.ts'
import { fixedRole, tenantRole } from '../../src/names/role-name.ts'
import { testDatabase } from '../support/servers/database.ts'
import { leastPrivilege } from '../support/tenants/least-privilege.ts'
import { writeFiles } from '../support/tenants/registry.ts'

const refusedByPolicy = { code: '42501', message: expect.stringContaining('row-level security') as string }
const withoutTenant = { code: '42501', message: expect.stringContaining('No tenant is set') as string }

/** Tables beside the protected one. `naive` is as most guides write it: the policy compares with a setting. */
const tables = `
  create table public.invoices (
    id int primary key, tenant_id uuid, total int default 1, number int, unique (tenant_id, number), unique (tenant_id, id)
  );
  create view public.all_invoices as select * from public.invoices;
  create function public.invoices_of_owner() returns bigint language sql security definer
    as 'select count(*) from public.invoices';
  create function public.invoices_of(id text) returns bigint language plpgsql security definer
    as 'begin execute format(''set local partywall.tenant_id to %L'', id); return (select count(*) from public.invoices); end';
  create table public.log (invoice int, owner text);
  create function public.log_invoice() returns trigger language plpgsql
    as 'begin insert into public.log values (new.id, (select count(*) from public.invoices)); return new; end';
  create trigger logged after insert on public.invoices for each row execute function public.log_invoice();
  create table public.naive (id int, tenant_id uuid);
  alter table public.naive enable row level security, force row level security;
  create policy naive on public.naive using (tenant_id = nullif(current_setting('partywall.tenant_id', true), '')::uuid);`

describe.each(['path', 'role'] as const)('a protected table under the boundary %s', async (boundary) => {
  const isByRole = boundary === 'role'
  const { url, directUrl, name } = await testDatabase()
  const logins = await leastPrivilege(directUrl, url)
  const root = await mkdtemp(join(tmpdir(), 'partywall-'))
  await writeFiles(root, {
    'migrations/shared/0001_tables.sql': tables,
    'migrations/shared/0002_protect.sql': `select partywall.protect('public.invoices', 'tenant_id');`,
    'migrations/tenant/0001_payments.sql':
      'create table payments (invoice int references public.invoices);' +
      'create table safe_payments (tenant_id uuid, invoice int, foreign key (tenant_id, invoice) references public.invoices (tenant_id, id));',
  })
  const tenancy: Tenancy = createTenancy({
    root,
    database: { connectionString: logins.app, deploy: logins.deploy },
    boundary,
    tenantIdSetting: 'app.tenant',
    pool: { max: 1 },
  })
  const deploy = new Client(logins.deploy)
  const ids: Record<string, string> = {}
  const query = (tenant: string, text: string, values: unknown[] = []): Promise<{ rows: any[]; rowCount: number | null }> =>
    tenancy.run(tenant, () => tenancy.pool.query(text, values))
  const rows = async (tenant: string, text: string, values?: unknown[]): Promise<any[]> =>
    (await query(tenant, text, values)).rows

  beforeAll(async () => {
    await deploy.connect()
    await tenancy.migrations.run()
    for (const schema of ['acme', 'globex']) ids[schema] = (await tenancy.tenants.create({ schema })).id
    if (isByRole) {
      const group = deploy.escapeIdentifier(fixedRole('tenants', name))
      await deploy.query(`grant insert, update, delete on public.invoices, public.naive, public.log to ${group}`)
      await deploy.query(`grant references on public.invoices to ${group}`)
    }
    await query('acme', 'insert into invoices (id, number) values (1, 1), (2, 2)')
    await query('globex', 'insert into invoices (id, number) values (3, 1)')
    for (const tenant of ['acme', 'globex']) await query(tenant, 'insert into naive values (1, $1)', [ids[tenant]])
  })
  afterAll(async () => {
    await deploy.end()
    await tenancy.close()
    await rm(root, { recursive: true })
  })

  test('shows each tenant its rows, through every way of reading', async () => {
    expect(await rows('acme', `select current_setting('app.tenant') as id`)).toEqual([{ id: ids['acme'] }])
    for (const [tenant, own] of [
      ['acme', [1, 2]],
      ['globex', [3]],
    ] as const) {
      const expected = own.map((id) => ({ id }))
      expect(await rows(tenant, 'select id from invoices order by id')).toEqual(expected)
      expect(await rows(tenant, 'select id from all_invoices order by id')).toEqual(expected)
      expect(await rows(tenant, 'select id from invoices where tenant_id is not null or true order by id')).toEqual(expected)
      // A condition that fails for a row of the other tenant is not evaluated for it.
      const failing = `select id from invoices where 1 / (id - ${tenant === 'acme' ? 3 : 1}) is not null order by id`
      expect(await rows(tenant, failing)).toEqual(expected)
      expect(await rows(tenant, 'select invoices_of_owner()::int as count')).toEqual([{ count: own.length }])
      const copied = await tenancy.run(tenant, async () => {
        const client = await tenancy.pool.connect()
        try {
          return await readAll(client.query(copyTo('copy invoices (id) to stdout')))
        } finally {
          client.release()
        }
      })
      expect(copied).toBe(own.map((id) => `${id}\n`).join(''))
    }
    expect(await rows('acme', `select owner from log order by invoice`)).toEqual([{ owner: '2' }, { owner: '2' }, { owner: '1' }])
  })

  test('shows a named statement of one connection the rows of its tenant, when two use it in turns', async () => {
    const statement = { name: 'mine', text: 'select id from invoices where id > $1 order by id', values: [0] }
    for (let turn = 0; turn < 7; turn++) {
      for (const [tenant, count] of [['acme', 2] as const, ['globex', 1] as const]) {
        const found = await tenancy.run(tenant, () => tenancy.pool.query(statement))
        expect(found.rows).toHaveLength(count)
      }
    }
  })

  test('shows parallel workers the rows of the tenant', async () => {
    const found = await tenancy.run('acme', async () => {
      const client = await tenancy.pool.connect()
      try {
        await client.query('begin')
        for (const cost of ['parallel_setup_cost', 'parallel_tuple_cost', 'min_parallel_table_scan_size']) {
          await client.query(`set local ${cost} to 0`)
        }
        await client.query('set local enable_indexscan to off')
        await client.query('set local enable_bitmapscan to off')
        await client.query('set local enable_indexonlyscan to off')
        const plan = await client.query('explain (costs off) select count(total)::int as count from invoices')
        const counted = await client.query('select count(total)::int as count from invoices')
        await client.query('rollback')
        return { plan: JSON.stringify(plan.rows), count: counted.rows[0].count }
      } finally {
        client.release()
      }
    })
    expect(found.plan).toContain('Parallel Seq Scan')
    expect(found.count).toBe(2)
  })

  test('gives an insert the id of the tenant, and refuses that of another', async () => {
    expect(await rows('acme', 'insert into invoices (id) values (10) returning tenant_id')).toEqual([{ tenant_id: ids['acme'] }])
    await expect(query('acme', 'insert into invoices (id, tenant_id) values (11, $1)', [ids['globex']])).rejects.toMatchObject(
      refusedByPolicy,
    )
    await expect(query('acme', 'insert into invoices (id, tenant_id) values (11, null)')).rejects.toMatchObject({ code: '42501' })
    await expect(query('acme', 'update invoices set tenant_id = $1 where id = 10', [ids['globex']])).rejects.toMatchObject(
      refusedByPolicy,
    )
    expect((await query('acme', 'delete from invoices where id = 10')).rowCount).toBe(1)
  })

  test('keeps the rows of another tenant from updates, deletes, upserts and COPY FROM', async () => {
    expect((await query('globex', 'update invoices set total = 7 where id < 3')).rowCount).toBe(0)
    expect((await query('globex', 'delete from invoices where id < 3')).rowCount).toBe(0)
    await expect(
      query('globex', 'insert into invoices (id) values (1) on conflict (id) do update set total = 7'),
    ).rejects.toMatchObject(refusedByPolicy)
    await tenancy.run('globex', async () => {
      const client = await tenancy.pool.connect()
      try {
        const stream = client.query(copyFrom('copy invoices (id) from stdin'))
        const refused = new Promise((resolve) => stream.on('error', resolve))
        stream.end('20\n')
        expect(await refused).toMatchObject({ code: '0A000' })
      } finally {
        client.release(true)
      }
    })
    if (isByRole) await expect(query('globex', 'truncate invoices')).rejects.toMatchObject({ code: '42501' })
    expect(await rows('acme', 'select total from invoices where id < 3')).toEqual([{ total: 1 }, { total: 1 }])
  })

  test('tells by a unique key or a foreign key without the tenant that a row exists, and by one with the tenant nothing', async () => {
    await expect(query('globex', 'insert into invoices (id) values (1)')).rejects.toMatchObject({ code: '23505' })
    await query('globex', 'insert into payments values (1)')
    await expect(query('globex', 'insert into safe_payments values ($1, 1)', [ids['globex']])).rejects.toMatchObject({
      code: '23503',
    })
    await query('globex', 'insert into safe_payments values ($1, 3)', [ids['globex']])
  })

  test('is closed to a forged setting where the role decides; a policy that reads the setting is open', async () => {
    const forged = (table: string): string =>
      `set local partywall.tenant_id to '${ids['globex']}'; select tenant_id from ${table}`
    expect(tenantsIn(await query('acme', forged('naive')))).toEqual([ids['globex']])
    expect(tenantsIn(await query('acme', forged('invoices')))).toEqual([isByRole ? ids['acme'] : ids['globex']])
    expect(tenantsIn(await query('acme', forged('all_invoices')))).toEqual([isByRole ? ids['acme'] : ids['globex']])
    expect(await rows('acme', 'select invoices_of($1)::int as count', [ids['globex']])).toEqual([{ count: isByRole ? 2 : 1 }])
  })

  test('shows the shared scope all rows where it has a role, and refuses it where nothing tells it from a forgotten tenant', async () => {
    const all = tenancy.sharedPool.query('select id from invoices order by id')
    if (isByRole) expect((await all).rows).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }])
    else await expect(all).rejects.toMatchObject(withoutTenant)
    const insert = tenancy.runShared(() => tenancy.pool.query('insert into invoices (id) values (30)'))
    await expect(insert).rejects.toMatchObject(withoutTenant)
    // In a view the policies are those for its owner, so it does not look empty, but fails.
    await expect(tenancy.sharedPool.query('select id from all_invoices')).rejects.toMatchObject(withoutTenant)
    if (!isByRole || Number((await deploy.query('show server_version_num')).rows[0].server_version_num) < 150_000) return
    await deploy.query('create view public.invoices_of_invoker with (security_invoker) as select * from public.invoices')
    expect((await tenancy.sharedPool.query('select from invoices_of_invoker')).rowCount).toBe(3)
    expect((await query('globex', 'select from invoices_of_invoker')).rowCount).toBe(1)
  })

  test('refuses a migration that forgets the policies, and shows its owner all rows while they are not forced', async () => {
    await expect(deploy.query('update public.invoices set total = 1')).rejects.toMatchObject(withoutTenant)
    await deploy.query('begin')
    await deploy.query('alter table public.invoices no force row level security')
    expect((await deploy.query('update public.invoices set total = 1')).rowCount).toBe(3)
    await deploy.query('alter table public.invoices force row level security')
    await expect(deploy.query('select from public.invoices')).rejects.toMatchObject(withoutTenant)
    await deploy.query('rollback')
  })

  test('deletes the rows of a tenant with it, where the application adds a foreign key to the catalog', async () => {
    const add =
      'alter table public.invoices add constraint of_tenant foreign key (tenant_id) references partywall.tenants (id) on delete cascade'
    // PostgreSQL reads the rows to check them, by the policies.
    await expect(deploy.query(add)).rejects.toMatchObject(withoutTenant)
    await deploy.query('begin')
    await deploy.query('alter table public.invoices no force row level security')
    await deploy.query(add)
    await deploy.query('alter table public.invoices force row level security')
    await deploy.query('commit')
    const { id } = await tenancy.tenants.create({ schema: 'initech' })
    await query('initech', 'insert into invoices (id) values (40)')
    await deploy.query('delete from partywall.tenants where id = $1', [id])
    await deploy.query('begin')
    await deploy.query('alter table public.invoices no force row level security')
    expect((await deploy.query('select id from public.invoices order by id')).rows).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }])
    await deploy.query('rollback')
  })

  test.runIf(isByRole)('shows a login of the tenant its rows, whatever it sets', async () => {
    const admin = new Client(directUrl)
    await admin.connect()
    const role = tenantRole(ids['acme']!)
    await admin.query(`alter role ${role} login password 'acme'`)
    await admin.end()
    const login = new URL(directUrl)
    login.username = role
    login.password = 'acme'
    const client = new Client(login.href)
    await client.connect()
    try {
      await client.query(`set partywall.tenant_id to '${ids['globex']}'`)
      for (const text of ['select id from invoices order by id', 'reset role; select id from invoices order by id']) {
        const answers = [await client.query(text)].flat()
        expect(answers.at(-1)!.rows).toEqual([{ id: 1 }, { id: 2 }])
      }
      await client.query('begin')
      expect((await client.query('select public.invoices_of($1)::int as count', [ids['globex']])).rows).toEqual([{ count: 2 }])
      await client.query('rollback')
      await expect(client.query('select partywall.current_tenant_id()')).rejects.toMatchObject({ code: '42501' })
      await expect(client.query(protect('public.invoices'))).rejects.toMatchObject({ code: '42501' })
    } finally {
      await client.end()
    }
  })

  test.runIf(isByRole)('shows the shared scope all rows of a table that was protected before its role was made', async () => {
    await deploy.query('drop policy partywall_shared on public.invoices; drop policy partywall_shared_only on public.invoices')
    await expect(tenancy.sharedPool.query('select from invoices')).rejects.toMatchObject(withoutTenant)
    await deploy.query('select partywall.open_all_to_shared_scope()')
    expect((await tenancy.sharedPool.query('select from invoices')).rowCount).toBe(3)
  })

  test.runIf(isByRole)('does not show all rows to a login that inherits from the role of the shared pool', async () => {
    const admin = new Client(directUrl)
    await admin.connect()
    try {
      await admin.query('begin')
      await admin.query(`create role pwt_heir; grant ${admin.escapeIdentifier(fixedRole('shared', name))} to pwt_heir`)
      await admin.query('set local role pwt_heir')
      await admin.query(`set local partywall.tenant_id to '${ids['globex']}'`)
      expect((await admin.query('select id from public.invoices')).rows).toEqual([{ id: 3 }])
    } finally {
      await admin.query('rollback')
      await admin.end()
    }
  })
})

/** Of the answers to a text of several statements. */
function tenantsIn(answers: unknown): string[] {
  const found = answers as { rows: { tenant_id: string }[] }[]
  return [...new Set(found.flatMap(({ rows }) => rows.map((row) => row.tenant_id)))]
}
