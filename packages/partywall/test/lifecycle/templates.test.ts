import { Client } from 'pg'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { readBlueprint } from '../../src/blueprint/read-blueprint.ts'
import { createTenancy } from '../../src/index.ts'
import { leastPrivilege } from '../support/tenants/least-privilege.ts'
import { testDatabase } from '../support/servers/database.ts'
import { folderForTest, registryForTest, writeFiles, type Registry } from '../support/tenants/registry.ts'

let url: string
let least: ReturnType<typeof leastPrivilege> | undefined
beforeAll(async () => {
  ;({ url } = await testDatabase())
})

const files = {
  'migrations/tenant/0001_shop.sql': `
    create type mood as enum ('sad', 'glad');
    create table moods (id serial primary key, mood mood not null, label text generated always as ('a ' || id::text) stored);
    insert into moods (mood) values ('glad'), ('sad');
    create table orders (id bigint generated always as identity primary key, mood_id int references moods, total numeric);
    create index on orders (total);
    create function cheapest() returns numeric language sql stable as 'select min(total) from orders';
    create view open_orders as select id, cheapest() as least from orders;`,
}

describe('the template of a kind', () => {
  test('is made and migrated by runs, has a line in the status, and gives new tenants what their migrations would give', async () => {
    const { registry, root } = await fleet('shop', files)
    const { create, migrations } = registry
    expect(await targets(registry)).toEqual([])
    const report = await migrations.run({ kinds: 'shop' })
    expect(report.entries).toMatchObject([{ target: 'template:shop', state: 'done', applied: ['0001_shop'] }])
    expect(report.entries[0]).not.toHaveProperty('tenantId')
    expect(await migrations.status({ kinds: 'shop' })).toMatchObject([
      { target: 'template:shop', head: '0001_shop', pending: [] },
    ])
    await create({ schema: 'shop_1', kind: 'shop' })
    const plain = (await fleet('plain', files, false)).registry
    await plain.create({ schema: 'shop_2', kind: 'plain' })
    expect(await contents('shop_1')).toEqual(await contents('shop_2'))
    expect(await structure('shop_1')).toEqual(await structure('shop_2'))
    // The copy is used: the migrations are not what it was made of.
    expect(await madeFromTemplate(registry, 'shop', 'shop_3')).toBe(true)
    // The sequences go on, and the view reads the tables of its own schema.
    expect(await rows(`insert into shop_1.moods (mood) values ('sad') returning id`)).toEqual([{ id: 3 }])
    await rows('insert into shop_1.orders (mood_id, total) values (3, 5)')
    expect(await rows('set search_path to shop_1; select * from open_orders')).toEqual([{ id: '1', least: '5' }])
    expect(await rows('set search_path to shop_2; select * from open_orders')).toEqual([])
    await writeFiles(root, { 'shop/0002_more.sql': 'alter table orders add column note text' })
    expect((await migrations.run({ kinds: 'shop' })).entries.map(({ target, state }) => [target, state])).toEqual([
      ['shop_1', 'done'],
      ['shop_3', 'done'],
      ['template:shop', 'done'],
    ])
    expect(await madeFromTemplate(registry, 'shop', 'shop_4')).toBe(true)
    expect(await structure('shop_4')).toEqual(await structure('shop_1'))
  })

  test.each(['path', 'role'] as const)('is not used where its migrations take rights from a role, under %s', async (boundary) => {
    const { app, deploy, appRole } = await (least ??= testDatabase().then(({ directUrl }) =>
      leastPrivilege(directUrl, directUrl),
    ))
    const kind = `taking_${boundary}`
    const root = await folderForTest({
      [`${kind}/0001_a.sql`]: `create table secrets (id int);
        do $$ declare one record; begin
          for one in select distinct grantee::regrole as name from pg_class, aclexplode(relacl) where oid = 'secrets'::regclass and grantee <> relowner loop
            execute 'revoke all on secrets from ' || one.name;
          end loop; end $$;
        ${boundary === 'path' ? `revoke all on secrets from ${appRole}` : ''}`,
    })
    const tenancy = createTenancy({
      root,
      boundary,
      database: { connectionString: app, deploy },
      migrations: { shared: false, tenant: { [kind]: kind }, template: true },
    })
    onTestFinished(() => tenancy.close())
    await tenancy.migrations.run({ kinds: kind })
    expect((await tenancy.templates.list()).filter((one) => one.kind === kind)).toMatchObject([
      { unusable: expect.stringMatching(/take rights/) },
    ])
    for (const number of [1, 2]) {
      const tenant = await tenancy.tenants.create({ schema: `${kind}_${number}`, kind })
      await expect(tenancy.run(tenant, () => tenancy.pool.query('select * from secrets'))).rejects.toMatchObject({
        code: '42501',
      })
    }
  })

  test('is made by the first tenant where no run has made it', async () => {
    const { registry } = await fleet('first', { 'first/0001_a.sql': 'create table a (id int)' })
    await registry.create({ schema: 'first_1', kind: 'first' })
    expect(await targets(registry)).toEqual([['template:first', '0001_a']])
    expect(await madeFromTemplate(registry, 'first', 'first_2')).toBe(true)
  })

  test('is no tenant: it is not listed, entered, or a name for a tenant', async () => {
    const { registry } = await fleet('hidden', { 'hidden/0001_a.sql': 'create table a (id int)' })
    await registry.migrations.run({ kinds: 'hidden' })
    const schema = 'partywall_template_hidden'
    expect(await registry.tenants.find(schema)).toBeUndefined()
    expect((await registry.tenants.list()).filter((tenant) => tenant.schema === schema)).toEqual([])
    await expect(registry.create({ schema, kind: 'hidden' })).rejects.toMatchObject({ code: 'INVALID_SCHEMA_NAME' })
    await expect(
      rows(`insert into partywall.tenants (schema, name, kind) values ('partywall_template_x', 'x', 'hidden')`),
    ).rejects.toThrow(/tenants_schema_is_no_template/)
    expect(await rows(`select nspacl from pg_namespace where nspname = '${schema}' and nspacl::text ~ '[,{]='`)).toEqual([])
  })

  test.each([
    ['a random value', `create table keys (key uuid); insert into keys values (gen_random_uuid())`],
    ['a time', `create table t (id int, at timestamptz default clock_timestamp()); insert into t values (1)`],
    ['the name of the schema', `create table t (name text); insert into t values (current_schema())`],
  ])('is not used where the migrations write %s, so no tenant gets the value of another', async (_, text) => {
    const kind = `rows_${_.replaceAll(' ', '_')}`
    const { registry } = await fleet(kind, { [`${kind}/0001_a.sql`]: text })
    await registry.migrations.run({ kinds: kind })
    expect(await madeFromTemplate(registry, kind, `${kind}_1`)).toBe(false)
    // It stays with the fleet all the same.
    expect(await targets(registry, kind)).toEqual([[`template:${kind}`, '0001_a']])
  })

  test('is not made where migrations are code, which may do something else for each tenant', async () => {
    const { registry } = await fleet('code', {
      'code/0001_a.ts': `export async function up({ client, tenant, sql }) { await client.query('create table a (id int)') }`,
    })
    await registry.migrations.run({ kinds: 'code' })
    await registry.create({ schema: 'code_1', kind: 'code' })
    expect(await targets(registry)).toEqual([])
  })

  test('is not used and not migrated after an edit by hand, and both are told', async () => {
    const { registry, root } = await fleet('edited', { 'edited/0001_a.sql': 'create table a (id int primary key, n int)' })
    await registry.migrations.run({ kinds: 'edited' })
    await rows('alter table partywall_template_edited.a alter column n set statistics 77')
    const told = warnings()
    expect(await madeFromTemplate(registry, 'edited', 'edited_1')).toBe(false)
    expect(await told()).toMatch(/partywall_template_edited.*changed by hand/)
    await writeFiles(root, { 'edited/0002_b.sql': 'create table b (id int)' })
    const report = await registry.migrations.run({ kinds: 'edited' })
    expect(report.ok).toBe(false)
    expect(report.entries).toMatchObject([
      { target: 'edited_1', state: 'done', applied: ['0002_b'] },
      { target: 'template:edited', state: 'failed', error: { code: 'TEMPLATE_UNUSABLE' } },
    ])
    await rows('drop schema partywall_template_edited cascade')
    await expect(registry.migrations.run({ kinds: 'edited' })).resolves.toMatchObject({ ok: true })
    expect(await madeFromTemplate(registry, 'edited', 'edited_2')).toBe(true)
  })

  test('with an edit that this process cannot know of gives tenants of before the edit, and rows that were changed are not copied', async () => {
    const { registry } = await fleet('late', { 'late/0001_a.sql': 'create table a (id int); insert into a values (1)' })
    await registry.migrations.run({ kinds: 'late' })
    expect(await madeFromTemplate(registry, 'late', 'late_1')).toBe(true)
    await rows('insert into partywall_template_late.a values (2)')
    const told = warnings()
    await registry.create({ schema: 'late_2', kind: 'late' })
    expect(await rows('select id from late_2.a')).toEqual([{ id: 1 }])
    expect(await told()).toMatch(/its rows are not those that its migrations wrote/)
  })

  test('that fails does not stop the tenants of its kind', async () => {
    const { registry, root } = await fleet('failing', { 'failing/0001_a.sql': 'create table a (id int)' })
    await registry.migrations.run({ kinds: 'failing' })
    for (const schema of ['failing_1', 'failing_2']) await registry.create({ schema, kind: 'failing' })
    await rows('insert into failing_1.a values (1); insert into failing_2.a values (1)')
    await writeFiles(root, {
      'failing/0002_b.sql': `do $$ begin if not exists (select from a) then raise 'empty'; end if; end $$`,
    })
    const report = await registry.migrations.run({ kinds: 'failing', onFailure: 'stop' })
    expect(report.entries.map(({ target, state }) => [target, state])).toEqual([
      ['failing_1', 'done'],
      ['failing_2', 'done'],
      ['template:failing', 'failed'],
    ])
  })

  test('is not used where what was made of it differs: the tenant is rolled back and made from its migrations', async () => {
    const { registry } = await fleet('differs', { 'differs/0001_a.sql': 'create table a (id int)' })
    await registry.migrations.run({ kinds: 'differs' })
    // It adds a table to each schema that is made of a template.
    await rows(`
      create or replace function public.add_extra() returns event_trigger language plpgsql as $$ begin
        if current_query() ~ 'set local row_security = off' and to_regclass('extra') is null then create table extra (); end if;
      end $$;
      create event trigger add_extra on ddl_command_end execute function public.add_extra()`)
    const told = warnings()
    try {
      await registry.create({ schema: 'differs_1', kind: 'differs' })
    } finally {
      await rows('drop event trigger add_extra')
    }
    expect(await told()).toMatch(/differs from it: table "extra"/)
    expect(
      await rows(`select relname from pg_class where relnamespace = 'differs_1'::regnamespace and relkind = 'r' order by 1`),
    ).toEqual([{ relname: 'a' }, { relname: 'partywall_migrations' }])
  })

  test('serves creations at the same time, and is made once by runs at the same time', async () => {
    const { registry, root } = await fleet('many', {
      'many/0001_a.sql': 'create table a (id int primary key); insert into a values (7)',
    })
    const other = registryForTest(url, options(root, 'many', true))
    await Promise.all([registry.migrations.run({ kinds: 'many' }), other.migrations.run({ kinds: 'many' })])
    expect(await targets(registry)).toEqual([['template:many', '0001_a']])
    const schemas = Array.from({ length: 8 }, (__, index) => `many_${index}`)
    await Promise.all(schemas.map((schema, index) => (index % 2 ? registry : other).create({ schema, kind: 'many' })))
    for (const schema of schemas) expect(await rows(`select id from ${schema}.a`)).toEqual([{ id: 7 }])
  })
})

async function fleet(
  kind: string,
  given: Record<string, string>,
  template = true,
): Promise<{ registry: Registry; root: string }> {
  const folder = Object.fromEntries(Object.entries(given).map(([path, text]) => [path.replace('migrations/tenant', kind), text]))
  const root = await folderForTest(folder)
  return { root, registry: registryForTest(url, options(root, kind, template)) }
}

function options(root: string, kind: string, template: boolean): object {
  return { root, migrations: { shared: false, tenant: { default: false, [kind]: kind }, template } }
}

/** The templates of one kind, or of the kinds that the registry has. */
async function targets({ migrations }: Registry, kind?: string): Promise<unknown[]> {
  const statuses = await migrations.status(kind === undefined ? {} : { kinds: kind })
  return statuses
    .filter(({ target, source }) => target.startsWith('template') && source !== undefined)
    .map(({ target, head }) => [target, head])
}

/** Whether a new tenant is a copy: only the text of a copy has this setting. */
async function madeFromTemplate(registry: Registry, kind: string, schema: string): Promise<boolean> {
  await rows(`create table if not exists public.copied (schema text)`)
  await rows(`
    create or replace function public.note_copy() returns event_trigger language plpgsql as $$ begin
      if current_query() ~ 'set local row_security = off' then insert into public.copied values ('${schema}'); end if;
    end $$`)
  await rows(`create event trigger note_copy on ddl_command_end execute function public.note_copy()`)
  try {
    await registry.create({ schema, kind })
  } finally {
    await rows('drop event trigger note_copy')
  }
  return (await rows(`select from public.copied where schema = '${schema}'`)).length > 0
}

async function structure(schema: string): Promise<unknown> {
  return withClient(async (client) => {
    const { creation: _, ...blueprint } = await readBlueprint(client, schema)
    return blueprint
  })
}

async function contents(schema: string): Promise<unknown> {
  return rows(`select 'row' as of, id, mood::text as value, label from ${schema}.moods
    union all select 'sequence', last_value::int, is_called::text, null from ${schema}.moods_id_seq
    union all select name, position, checksum, obj_description('${schema}.partywall_migrations'::regclass) from ${schema}.partywall_migrations order by 1, 2`)
}

function warnings(): () => Promise<string> {
  const seen: string[] = []
  const listen = (warning: Error): void => void seen.push(warning.message)
  process.on('warning', listen)
  onTestFinished(() => void process.off('warning', listen))
  return async () => {
    await new Promise((resolve) => setImmediate(resolve))
    return seen.join('\n')
  }
}

async function rows<R = unknown>(text: string): Promise<R[]> {
  return withClient(async (client) => {
    const result = await client.query(text)
    return [result].flat().at(-1)!.rows
  })
}

async function withClient<T>(fn: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client(url)
  await client.connect()
  try {
    return await fn(client)
  } finally {
    await client.end()
  }
}
