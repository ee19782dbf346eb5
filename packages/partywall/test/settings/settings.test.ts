/** Settings of tenants: what goes before what, what is refused, and that two calls at once and two processes lose nothing. */
import { Client } from 'pg'
import * as v from 'valibot'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { z } from 'zod'
import { createTenancy } from '../../src/index.ts'
import { testDatabase } from '../support/servers/database.ts'
import { auditOf, lastEntry } from '../support/tenants/audit.ts'

const { url } = await testDatabase()
const schema = z.object({
  features: z.object({ beta: z.boolean().default(false), export: z.boolean().optional() }).prefault({}),
  limits: z.object({ seats: z.number().int().min(1), storageGb: z.number().default(1) }),
  locales: z.array(z.string()),
  links: z.record(z.string(), z.string()).default({}),
  note: z.string().nullable().default(null),
})
const config = {
  database: url,
  migrations: { tenant: { default: false, big: false }, shared: false },
  tenantCacheMs: 60_000,
  settings: {
    schema,
    defaults: { limits: { seats: 5, storageGb: 10 }, locales: ['en', 'de'] },
    kinds: { big: { limits: { seats: 100 } } },
  },
} as const
const tenancy = createTenancy(config)
const other = createTenancy(config)
const { settings } = tenancy
const watching = new Promise((resolve) => other.on('lookups.watching', resolve))
const admin = new Client(url)
beforeAll(() => admin.connect())
afterAll(() => Promise.all([tenancy.close(), other.close(), admin.end()]))

let acme: string
beforeEach(async () => {
  acme = `t${crypto.randomUUID().slice(0, 8)}`
  await tenancy.tenants.create({ schema: acme })
})

const code = (name: string, message = /./) => expect.objectContaining({ code: name, message: expect.stringMatching(message) })

describe('what holds', () => {
  test('is the value of the tenant, else of its kind, else the default, key by key; a list is replaced', async () => {
    const large = await tenancy.tenants.create({ schema: `${acme}_b`, kind: 'big' })
    expect(await settings.of(acme)).toEqual({
      features: { beta: false },
      limits: { seats: 5, storageGb: 10 },
      locales: ['en', 'de'],
      links: {},
      note: null,
    })
    expect((await settings.of(large)).limits).toEqual({ seats: 100, storageGb: 10 })
    const changed = await settings.set({ id: large.id }, { limits: { storageGb: 50 }, locales: ['fr'] })
    expect(changed).toMatchObject({ limits: { seats: 100, storageGb: 50 }, locales: ['fr'] })
    expect(await settings.of(large)).toBe(changed)
    expect((await settings.of(acme)).limits.storageGb).toBe(10)
    expect(await settings.unset(large, ['limits', 'locales'])).toMatchObject({
      limits: { seats: 100, storageGb: 10 },
      locales: ['en', 'de'],
    })
    expect((await admin.query('select from partywall.settings where tenant_id = $1', [large.id])).rowCount).toBe(0)
  })

  test('is that of the current tenant, also for many at once, and there is none outside', async () => {
    const names = Array.from({ length: 8 }, (_, i) => `${acme}_${i}`)
    await Promise.all(
      names.map(async (name, i) => {
        await tenancy.tenants.create({ schema: name })
        await settings.set(name, { limits: { seats: 10 + i } })
      }),
    )
    const seats = await Promise.all(
      [...names, ...names].map((name) => tenancy.run(name, async () => (await settings()).limits.seats)),
    )
    expect(seats).toEqual([...names, ...names].map((_, i) => 10 + (i % 8)))
    await expect(settings()).rejects.toEqual(code('NO_TENANT'))
    await expect(tenancy.runShared(() => settings())).rejects.toEqual(code('NO_TENANT'))
    await expect(settings.of('nowhere')).rejects.toEqual(code('UNKNOWN_TENANT'))
  })

  test('is frozen, and the same object until it changes', async () => {
    const value = await settings.of(acme)
    expect(await settings.of(acme)).toBe(value)
    expect(() => (value.locales as string[]).push('xx')).toThrow(TypeError)
    expect(() => void ((value.limits as { seats: number }).seats = 1)).toThrow(TypeError)
    await settings.set(acme, { limits: { seats: 5 } })
    expect((await settings.of(acme)).locales).toEqual(['en', 'de'])
  })

  test('is listed with its source', async () => {
    await settings.set(acme, { limits: { seats: 7 }, links: { home: 'https://acme.example' } })
    const entries = await settings.list(acme)
    expect(entries.map(({ key, value, from }) => [key, value, from])).toEqual([
      ['features.beta', false, 'schema'],
      ['limits.seats', 7, 'tenant'],
      ['limits.storageGb', 10, 'defaults'],
      ['links.home', 'https://acme.example', 'tenant'],
      ['locales', ['en', 'de'], 'defaults'],
      ['note', null, 'schema'],
    ])
  })

  test('null is a value, and an empty group takes nothing away', async () => {
    await settings.set(acme, { note: 'x', links: { a: '1' } })
    expect(await settings.set(acme, { note: null, links: {} })).toMatchObject({ note: null, links: { a: '1' } })
    expect((await settings.list(acme)).find(({ key }) => key === 'note')).toMatchObject({ from: 'tenant', value: null })
  })
})

describe('a change', () => {
  test('is validated as a whole before it is written', async () => {
    await expect(settings.set(acme, { limits: { seats: 0 } })).rejects.toEqual(code('INVALID_SETTINGS', /limits\.seats: /))
    await expect(settings.set(acme, { limits: { seats: 9 }, locales: 'en' as never })).rejects.toMatchObject({
      code: 'INVALID_SETTINGS',
      details: { issues: [{ path: ['locales'] }] },
    })
    expect((await settings.of(acme)).limits.seats).toBe(5)
    expect((await settings.list(acme)).filter(({ from }) => from === 'tenant')).toEqual([])
  })

  test('of an unknown key is refused, and the nearest one is named, also one that has no value', async () => {
    const call = (changes: object) => settings.set(acme, changes as never)
    await expect(call({ featurs: { beta: true } })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      details: { nearest: 'features' },
    })
    await expect(call({ features: { betta: true } })).rejects.toMatchObject({ details: { nearest: 'features.beta' } })
    await expect(call({ features: { exprt: true } })).rejects.toMatchObject({ details: { nearest: 'features.export' } })
    await expect(call({ features: { xyzzy: true } })).rejects.toEqual(code('INVALID_ARGUMENT', /It has here: beta, export\./))
    await settings.set(acme, { links: { home: 'x' } })
    await expect(settings.unset(acme, 'links.hme')).rejects.toEqual(code('INVALID_ARGUMENT', /Did you mean "links\.home"/))
    // What has no value of its own is taken back again without an error.
    await settings.unset(acme, 'features.export')
  })

  test('of an unknown key is refused with each schema that leaves it out, and by itself by one that does not take it', async () => {
    const given = { a: 1, typo: 2 } as never
    for (const [made, refusal] of [
      [v.object({ a: v.number() }), 'INVALID_ARGUMENT'],
      [z.object({ a: z.number() }), 'INVALID_ARGUMENT'],
      [v.strictObject({ a: v.number() }), 'INVALID_SETTINGS'],
      [z.strictObject({ a: z.number() }), 'INVALID_SETTINGS'],
    ] as const) {
      const open = createTenancy({ ...config, settings: { schema: made } })
      await expect(open.settings.set(acme, given)).rejects.toEqual(code(refusal, /typo/))
      expect(await open.settings.set(acme, { a: 1 })).toEqual({ a: 1 })
      await open.settings.unset(acme, 'a').catch(() => {})
      await open.close()
    }
  })

  test.each([
    ['nothing', {}],
    ['a list', []],
    ['null', null],
    ['text', 'x'],
    ['undefined', { limits: { seats: undefined } }],
    ['a dot in a name', { links: { 'a.b': 'x' } }],
    ['__proto__', JSON.parse('{ "links": { "__proto__": { "x": "y" } } }')],
    ['an empty name', { links: { '': 'x' } }],
    ['a star', { links: { '*': 'x' } }],
    ['a huge name', { links: { ['x'.repeat(600)]: 'x' } }],
    ['a huge value', { note: 'x'.repeat(200_000) }],
    ['too many', { links: Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`k${i}`, 'x'])) }],
  ])('that is %s is refused', async (_, changes) => {
    await expect(settings.set(acme, changes as never)).rejects.toEqual(code('INVALID_ARGUMENT'))
    expect((await settings.list(acme)).filter(({ from }) => from === 'tenant')).toEqual([])
  })

  test.each([
    ['a zero byte', { note: 'a\0b' }],
    ['half a character', { note: '\ud800' }],
    ['a date', { note: new Date(0) }],
    ['a function', { note: () => 1 }],
    ['not a number', { limits: { seats: Number.NaN } }],
    [
      'itself',
      (() =>
        Object.assign({ links: {} } as Record<string, unknown>, {
          note: (() => {
            const a: unknown[] = []
            a.push(a)
            return a
          })(),
        }))(),
    ],
  ])('that holds %s is refused', async (_, changes) => {
    await expect(settings.set(acme, changes as never)).rejects.toEqual(code('INVALID_SETTINGS'))
  })

  test('does not lose what another one sets at the same time, where a document that is read and written back does', async () => {
    await Promise.all([
      settings.set(acme, { limits: { seats: 11 } }),
      other.settings.set(acme, { limits: { storageGb: 12 } }),
      settings.set(acme, { links: { a: '1' } }),
      other.settings.set(acme, { links: { b: '2' } }),
    ])
    expect(await settings.of(acme)).toMatchObject({ limits: { seats: 11, storageGb: 12 }, links: { a: '1', b: '2' } })

    await admin.query(
      `create table if not exists public.naive (doc jsonb); truncate public.naive; insert into public.naive values ('{}')`,
    )
    const read = async () => (await admin.query<{ doc: object }>('select doc from public.naive')).rows[0]!.doc
    const documents = await Promise.all([read(), read()])
    for (const [i, document] of documents.entries())
      await admin.query('update public.naive set doc = $1', [{ ...document, [`key${i}`]: i }])
    expect(await read()).toEqual({ key1: 1 })
  })

  test('of a value into a group, and back, leaves one of them', async () => {
    const open = createTenancy({
      ...config,
      settings: {
        schema: z.object({ storage: z.union([z.string(), z.object({ bucket: z.string() })]) }),
        defaults: { storage: 'disk' },
      },
    })
    onTestFinished(() => open.close())
    await open.settings.set(acme, { storage: { bucket: 'b' } })
    expect(await open.settings.set(acme, { storage: 'memory' })).toEqual({ storage: 'memory' })
    expect(await open.settings.set(acme, { storage: { bucket: 'c' } })).toEqual({ storage: { bucket: 'c' } })
    expect((await open.settings.list(acme)).map(({ key }) => key)).toEqual(['storage.bucket'])
  })

  test('is recorded and announced with its keys; one that changes nothing is neither', async () => {
    const since = await lastEntry(admin)
    const seen: unknown[] = []
    onTestFinished(tenancy.on('settings.changed', ({ tenant, keys }) => void seen.push([tenant.schema, keys])))
    await tenancy.actingAs('user:ada', async () => {
      await settings.set(acme, { limits: { seats: 42 }, note: 'private' })
      await settings.set(acme, { limits: { seats: 42 } })
      await settings.unset(acme, 'note')
      await settings.unset(acme, 'note')
      await expect(settings.set(acme, { limits: { seats: -1 } })).rejects.toEqual(code('INVALID_SETTINGS'))
    })
    const entries = await auditOf(admin, since)
    expect(entries.map(({ actor, action, object, details }) => [actor, action, object, details])).toEqual([
      ['user:ada', 'settings.changed', acme, { set: ['limits.seats', 'note'] }],
      ['user:ada', 'settings.changed', acme, { unset: ['note'] }],
    ])
    expect(JSON.stringify([entries, seen])).not.toMatch(/42|private/)
    expect(seen).toEqual([
      [acme, ['limits.seats', 'note']],
      [acme, ['note']],
    ])
    const [latest] = await tenancy.audit.list({ tenant: acme, action: 'settings', limit: 1 })
    expect(latest!.target).toMatchObject({ kind: 'tenant' })
  })

  test('of another process is seen, and what is cached costs no query until then', async () => {
    await other.tenants.find('first')
    await watching
    expect((await other.settings.of(acme)).limits.seats).toBe(5)
    await settings.set(acme, { limits: { seats: 6 } })
    await vi.waitFor(async () => expect((await other.settings.of(acme)).limits.seats).toBe(6))
    const query = vi.spyOn(other.sharedPool, 'query')
    const connect = vi.spyOn(other.sharedPool, 'connect')
    await other.run(acme, async () => {
      for (let i = 0; i < 10; i++) await other.settings()
    })
    expect([query.mock.calls.length, connect.mock.calls.length]).toEqual([0, 0])
    // By SQL of another program, too.
    await admin.query(
      `update partywall.settings set value = '8' where key = 'limits.seats' and tenant_id = (select id from partywall.tenants where schema = $1)`,
      [acme],
    )
    await vi.waitFor(async () => expect((await other.settings.of(acme)).limits.seats).toBe(8))
  })

  test('that is cut off leaves nothing, and what is cached is asked again', async () => {
    await settings.of(acme)
    await admin.query('begin')
    await admin.query('select from partywall.tenants where schema = $1 for update', [acme])
    const cut = settings.set(acme, { note: 'lost' }).then(
      () => 'kept',
      () => 'cut',
    )
    const watcher = new Client(url)
    await watcher.connect()
    onTestFinished(() => watcher.end())
    await vi.waitFor(async () => {
      const { rowCount } = await watcher.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      )
      expect(rowCount).toBeGreaterThan(0)
    })
    expect(await cut).toBe('cut')
    await admin.query('rollback')
    expect((await settings.of(acme)).note).toBeNull()
    expect((await settings.set(acme, { note: 'kept' })).note).toBe('kept')
  })

  test('in the hook onProvision gives a tenant what its schema needs before its first request', async () => {
    const needy = createTenancy({
      ...config,
      settings: { schema: z.object({ region: z.string() }) },
      hooks: {
        async onProvision(tenant): Promise<void> {
          await needy.settings.set(tenant, { region: `region of ${tenant.schema}` })
        },
      },
    })
    onTestFinished(() => needy.close())
    const made = await needy.tenants.create({ schema: `${acme}_n` })
    expect(await needy.run(made, () => needy.settings())).toEqual({ region: `region of ${acme}_n` })
    await expect(needy.settings.of(acme)).rejects.toEqual(code('SETTINGS_UNREADABLE', /region: /))
  })

  test('is gone with its tenant', async () => {
    const { id } = await tenancy.tenants.get(acme)
    await settings.set(acme, { note: 'x' })
    await tenancy.tenants.delete(acme, { confirm: acme })
    expect((await admin.query('select from partywall.settings where tenant_id = $1', [id])).rowCount).toBe(0)
    await expect(settings.set({ id }, { note: 'y' })).rejects.toEqual(code('UNKNOWN_TENANT'))
  })

  test('stays with a tenant that is renamed, archived and restored', async () => {
    const { id } = await tenancy.tenants.get(acme)
    await settings.set(acme, { note: 'mine' })
    await tenancy.tenants.rename(acme, { schema: `${acme}_new` })
    await tenancy.tenants.archive({ id })
    await tenancy.tenants.restore({ id })
    expect((await settings.of({ id })).note).toBe('mine')
    // The next tenant of the name has none of it.
    await tenancy.tenants.create({ schema: acme })
    expect((await settings.of(acme)).note).toBeNull()
  })
})

describe('values that do not fit a new schema', () => {
  test('are an error with their names, are listed, and can be set right', async () => {
    await settings.set(acme, { note: 'x' })
    const newer = createTenancy({ ...config, settings: { schema: z.object({ note: z.number() }) } })
    onTestFinished(() => newer.close())
    await expect(newer.settings.of(acme)).rejects.toMatchObject({
      code: 'SETTINGS_UNREADABLE',
      details: { schema: acme, reason: 'does not fit', keys: ['note'] },
    })
    expect(await newer.settings.list(acme)).toMatchObject([{ key: 'note', value: 'x', from: 'tenant' }])
    const { id } = await tenancy.tenants.get(acme)
    const fine = await tenancy.tenants.create({ schema: `${acme}_b` })
    await newer.settings.set(fine, { note: 1 })
    await tenancy.tenants.archive(fine)
    const report = await newer.settings.check({ tenants: [{ id }, { id: fine.id }] })
    expect(report).toMatchObject({ ok: false, entries: [{ target: acme, state: 'failed' }, { state: 'done' }] })
    expect(report.entries[0]!.error).toEqual(code('SETTINGS_UNREADABLE', /note: /))
    expect(await newer.settings.set(acme, { note: 1 })).toEqual({ note: 1 })
    expect((await newer.settings.check({ tenants: { id } })).ok).toBe(true)
    await expect(newer.settings.check({ tenants: 'nowhere' })).rejects.toEqual(code('UNKNOWN_TENANT'))
  })
})

describe('the option', () => {
  test.each([
    ['no schema', {}, /settings\.schema/],
    ['no Standard Schema', { schema: {} }, /settings\.schema/],
    ['a typo', { schema, secret: [] }, /settings\.secrets/],
    ['a kind that there is not', { schema, kinds: { huge: {} } }, /settings\.kinds\.huge/],
    ['defaults that are no JSON', { schema, defaults: { note: new Date() } }, /settings\.defaults/],
    ['defaults with a dot', { schema, defaults: { 'a.b': 1 } }, /settings\.defaults/],
    ['a key that is short', { schema, key: 'short' }, /settings\.key/],
    ['a list of keys with a hole', { schema, key: ['x'.repeat(32), undefined] }, /settings\.key/],
    ['secrets without a key', { schema, secrets: ['note'] }, /settings\.key/],
    ['a secret that is no key', { schema, secrets: ['.note'], key: 'x'.repeat(32) }, /settings\.secrets/],
  ])('is refused with %s', (_, given, message) => {
    expect(() => createTenancy({ ...config, settings: given as never })).toThrow(code('INVALID_OPTION', message))
    expect(() => createTenancy({ ...config, settings: given as never })).not.toThrow(/short/)
  })

  test('that is missing is said by each call', async () => {
    const without = createTenancy({ database: url, migrations: config.migrations })
    onTestFinished(() => without.close())
    for (const call of [
      () => without.settings.of(acme),
      () => without.settings.set(acme, { a: 1 }),
      () => without.run(acme, () => without.settings()),
    ])
      await expect(call()).rejects.toEqual(code('INVALID_OPTION', /has no option "settings"/))
  })
})
