/** Secret settings: what is in the database, in messages and in logs; texts that were copied; keys that are replaced or missing. */
import { inspect } from 'node:util'
import * as v from 'valibot'
import { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { createTenancy } from '../../src/index.ts'
import { testDatabase } from '../support/servers/database.ts'
import { auditOf, lastEntry } from '../support/tenants/audit.ts'

const { url } = await testDatabase()
const [older, newer] = ['older key '.repeat(5), 'newer key '.repeat(5)] as const
const schema = z.object({
  smtp: z.object({ host: z.string().default('localhost'), password: z.string().min(4).optional() }).prefault({}),
  hooks: z.record(z.string(), z.object({ url: z.string(), secret: z.string() })).default({}),
  note: z.string().default(''),
})
const secrets = ['smtp.password', 'hooks.*.secret'] as const
const base = { database: url, migrations: { tenant: false, shared: false }, tenantCacheMs: 0 } as const
const open = (key: string | readonly string[], more: object = {}) =>
  createTenancy({ ...base, settings: { schema, secrets, key, ...more } })
const tenancy = open(older)
const { settings } = tenancy
const admin = new Client(url)
beforeAll(() => admin.connect())
afterAll(() => Promise.all([tenancy.close(), admin.end()]))

let acme: string
let id: string
beforeEach(async () => {
  acme = `t${crypto.randomUUID().slice(0, 8)}`
  ;({ id } = await tenancy.tenants.create({ schema: acme }))
})

const rowsOf = async (tenantId = id) =>
  (
    await admin.query<{ key: string; value: unknown; sealed: Buffer | null; sealed_by: string | null }>(
      'select key, value, sealed, sealed_by from partywall.settings where tenant_id = $1 order by key',
      [tenantId],
    )
  ).rows
const unreadable = (reason: string) =>
  expect.objectContaining({ code: 'SETTINGS_UNREADABLE', details: expect.objectContaining({ reason }) })
const during = <T extends { close(): Promise<void> }>(opened: T): T => {
  onTestFinished(() => opened.close())
  return opened
}

describe('at rest', () => {
  test('no secret is in the database, in the audit, in an event or in a list; the value has it', async () => {
    const since = await lastEntry(admin)
    const events: unknown[] = []
    onTestFinished(tenancy.on('settings.changed', (event) => void events.push(event)))
    const set = { smtp: { host: 'h', password: 's3cret-1' }, hooks: { pay: { url: 'u', secret: 's3cret-2' } } }
    const value = await settings.set(acme, set)
    expect(value).toMatchObject(set)
    expect(await settings.of(acme)).toMatchObject(set)
    const rows = await rowsOf()
    expect(rows.map(({ key, value: plain, sealed }) => [key, plain, sealed !== null])).toEqual([
      ['hooks.pay.secret', null, true],
      ['hooks.pay.url', 'u', false],
      ['smtp.host', 'h', false],
      ['smtp.password', null, true],
    ])
    const dump = (await admin.query(`select setting::text as row from partywall.settings as setting`)).rows.map(
      ({ row }) => row as string,
    )
    const shown = [
      dump,
      await auditOf(admin, since),
      events,
      await settings.list(acme),
      value,
      tenancy,
      tenancy.options.settings.secrets,
    ]
    for (const part of shown)
      expect(`${inspect(part, { depth: 9 })} ${inspect(JSON.stringify(part))}`).not.toMatch(/s3cret|older key/)
    expect((await settings.list(acme, { reveal: true })).find(({ key }) => key === 'smtp.password')).toEqual({
      key: 'smtp.password',
      value: 's3cret-1',
      from: 'tenant',
      isSecret: true,
    })
    // The plain column, which stands for a table without encryption, does show what is in it.
    expect(dump.join()).toContain('"u"')
  })

  test('a value that is put in the place of a group with secrets is encrypted, too', async () => {
    const loose = during(
      open(older, { schema: z.object({ hooks: z.union([z.array(z.string()), z.record(z.string(), z.any())]) }) }),
    )
    await loose.settings.set(acme, { hooks: ['s3cret'] } as never)
    expect(await rowsOf()).toMatchObject([{ key: 'hooks', value: null }])
    expect(await loose.settings.list(acme)).toMatchObject([{ key: 'hooks', value: '***', isSecret: true }])
  })

  test('no message of a schema shows a secret, whichever schema it is', async () => {
    const chatty = during(
      createTenancy({
        ...base,
        settings: {
          schema: v.object({
            smtp: v.object({ password: v.pipe(v.string(), v.minLength(20), v.regex(/^x/)), port: v.number() }),
          }),
          secrets: ['smtp.password'],
          key: older,
        },
      }),
    )
    // What valibot says by itself.
    const said = v.safeParse(v.pipe(v.string(), v.regex(/^x/)), 's3cret').issues![0].message
    expect(said).toContain('s3cret')
    const error: Error = await chatty.settings.set(acme, { smtp: { password: 's3cret', port: 's3cret' as never } }).then(
      () => Promise.reject(new Error('it was taken')),
      (refused: Error) => refused,
    )
    expect(error).toMatchObject({ code: 'INVALID_SETTINGS' })
    expect(`${error.stack} ${inspect(error, { depth: 9 })} ${JSON.stringify(error)}`).not.toContain('s3cret')
  })
})

describe('a text that is copied in the database', () => {
  test('to another tenant does not open', async () => {
    const evil = await tenancy.tenants.create({ schema: `${acme}_evil` })
    await settings.set(acme, { smtp: { password: 's3cret' } })
    await admin.query(
      'insert into partywall.settings select $1, key, value, sealed, sealed_by from partywall.settings where tenant_id = $2',
      [evil.id, id],
    )
    await expect(settings.of(evil)).rejects.toEqual(unreadable('altered'))
    await expect(settings.list(evil, { reveal: true })).rejects.toEqual(unreadable('altered'))
    expect((await settings.list(evil)).find(({ key }) => key === 'smtp.password')).toMatchObject({ value: '***' })
    expect(inspect(tenancy, { depth: 9 })).not.toContain('older key')
    // It does not stand in the way of a new value, and can be taken back.
    expect(await settings.set(evil, { smtp: { password: 'mine' } })).toMatchObject({ smtp: { password: 'mine' } })
    expect((await settings.of(acme)).smtp.password).toBe('s3cret')
  })

  test('to a setting that is shown does not open', async () => {
    await settings.set(acme, { smtp: { password: 's3cret' } })
    await admin.query(
      `insert into partywall.settings select tenant_id, 'note', value, sealed, sealed_by from partywall.settings where tenant_id = $1`,
      [id],
    )
    await expect(settings.of(acme)).rejects.toEqual(unreadable('altered'))
    await settings.unset(acme, 'note')
    expect((await settings.of(acme)).note).toBe('')
  })
})

describe('keys', () => {
  test('one that is missing is an error, and never an empty value; it can be set again', async () => {
    await settings.set(acme, { smtp: { host: 'h', password: 's3cret' } })
    const wrong = during(open(newer))
    await expect(wrong.settings.of(acme)).rejects.toEqual(unreadable('unknown key'))
    await expect(wrong.settings.set(acme, { note: 'x' })).rejects.toEqual(unreadable('unknown key'))
    const none = during(createTenancy({ ...base, settings: { schema } }))
    await expect(none.settings.of(acme)).rejects.toEqual(unreadable('unknown key'))
    expect((await wrong.settings.list(acme)).find(({ key }) => key === 'smtp.password')).toMatchObject({ value: '***' })
    expect(await wrong.settings.set(acme, { smtp: { password: 'again' } })).toMatchObject({
      smtp: { host: 'h', password: 'again' },
    })
  })

  test('are replaced without a pause: the new one encrypts, the old one opens, and a rotation rewrites what is left', async () => {
    const away = await tenancy.tenants.create({ schema: `${acme}_b` })
    await settings.set(acme, { smtp: { password: 'one1' }, hooks: { a: { url: 'u', secret: 'two2' } } })
    await settings.set(away, { smtp: { password: 'three3' } })
    await tenancy.tenants.archive(away)
    const both = during(open([newer, older]))
    expect((await both.settings.of(acme)).smtp.password).toBe('one1')
    await both.settings.set(acme, { smtp: { password: 'four4' } })
    expect(new Set((await rowsOf()).map(({ sealed_by: by }) => by).filter((by) => by !== null)).size).toBe(2)
    // Not by its own again: the same value under the newest key is no change.
    const since = await lastEntry(admin)
    await both.settings.set(acme, { smtp: { password: 'four4' } })
    expect(await auditOf(admin, since)).toEqual([])

    const report = await both.settings.rotateKey({ tenants: [{ id }, { id: away.id }] })
    expect(report).toMatchObject({ ok: true, entries: [{ value: { secrets: 1 } }, { value: { secrets: 1 } }] })
    expect((await both.settings.rotateKey({ tenants: [{ id }, { id: away.id }] })).entries).toEqual([])
    expect((await auditOf(admin, since)).map(({ action, details }) => [action, details['keys']]).toSorted()).toEqual([
      ['settings.rotated', ['hooks.a.secret']],
      ['settings.rotated', ['smtp.password']],
    ])
    const only = during(open(newer))
    expect(await only.settings.of(acme)).toMatchObject({ smtp: { password: 'four4' }, hooks: { a: { secret: 'two2' } } })
    expect((await only.settings.of({ id: away.id })).smtp.password).toBe('three3')
  })

  test('a secret that does not open is a failure of its tenant alone', async () => {
    const fine = await tenancy.tenants.create({ schema: `${acme}_b` })
    await settings.set(acme, { smtp: { password: 'one1' } })
    await settings.set(fine, { smtp: { password: 'two2' } })
    await admin.query(`update partywall.settings set sealed = sealed || '\\x00' where tenant_id = $1`, [id])
    const both = during(open([newer, older]))
    const report = await both.settings.rotateKey({ tenants: [{ id }, { id: fine.id }] })
    expect(report.ok).toBe(false)
    expect(report.entries.map(({ state }) => state)).toEqual(['failed', 'done'])
    expect(report.entries[0]!.error).toEqual(unreadable('altered'))
    expect((await during(open(newer)).settings.of({ id: fine.id })).smtp.password).toBe('two2')
  })

  test('a value that was stored before its key was named a secret is read, and encrypted by a rotation', async () => {
    const careless = during(open(older, { secrets: [] }))
    await careless.settings.set(acme, { smtp: { password: 'plain' } })
    expect(await rowsOf()).toMatchObject([{ value: 'plain' }])
    expect((await settings.of(acme)).smtp.password).toBe('plain')
    expect(await settings.rotateKey({ tenants: { id } })).toMatchObject({ ok: true, entries: [{ value: { secrets: 1 } }] })
    expect(await rowsOf()).toMatchObject([{ value: null }])
    expect((await settings.of(acme)).smtp.password).toBe('plain')
  })

  test('a rotation without a key, or for a tenant that there is not, is refused', async () => {
    const none = during(createTenancy({ ...base, settings: { schema } }))
    await expect(none.settings.rotateKey()).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await expect(settings.rotateKey({ tenants: 'nowhere' })).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' })
  })
})

describe('a clone', () => {
  const given = { smtp: { host: 'h', password: 's3cret' } }

  test('has the settings of its source, with secrets that are its own', async () => {
    await settings.set(acme, given)
    const clone = await tenancy.tenants.clone(acme, { schema: `${acme}_c` })
    expect(await settings.of(clone)).toMatchObject(given)
    const [own, copied] = [await rowsOf(), await rowsOf(clone.id)]
    expect(copied.map(({ key }) => key)).toEqual(own.map(({ key }) => key))
    expect(copied[1]!.sealed!.equals(own[1]!.sealed!)).toBe(false)
    await settings.set(acme, { smtp: { password: 'other' } })
    expect((await settings.of(clone)).smtp.password).toBe('s3cret')
  })

  test('has none without rows, or without `settings`; with it alone it has them', async () => {
    await settings.set(acme, given)
    const [empty, bare, both] = [
      await tenancy.tenants.clone(acme, { schema: `${acme}_1`, data: false }),
      await tenancy.tenants.clone(acme, { schema: `${acme}_2`, settings: false }),
      await tenancy.tenants.clone(acme, { schema: `${acme}_3`, data: false, settings: true }),
    ]
    expect([await rowsOf(empty.id), await rowsOf(bare.id)]).toEqual([[], []])
    expect(await settings.of(both)).toMatchObject(given)
    await expect(tenancy.tenants.clone(acme, { schema: `${acme}_4`, settings: 'no' as never })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
  })

  test('is not made where a secret does not open', async () => {
    await settings.set(acme, given)
    const wrong = during(open(newer))
    await expect(wrong.tenants.clone(acme, { schema: `${acme}_c` })).rejects.toEqual(unreadable('unknown key'))
    expect(await tenancy.tenants.find(`${acme}_c`)).toBeUndefined()
  })
})
