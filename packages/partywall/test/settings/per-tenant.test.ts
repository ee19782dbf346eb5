/** One object for each tenant, made of its settings: never that of another one, made once, and disposed of when its last use has ended. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { z } from 'zod'
import { createTenancy } from '../../src/index.ts'
import { testDatabase } from '../support/servers/database.ts'

const { url } = await testDatabase()
const config = {
  database: url,
  migrations: { tenant: false, shared: false },
  tenantCacheMs: 60_000,
  settings: { schema: z.object({ token: z.string().default('none'), note: z.string().default('') }) },
} as const
const tenancy = createTenancy(config)
const other = createTenancy(config)
const admin = new Client(url)
beforeAll(() => admin.connect())
afterAll(() => Promise.all([tenancy.close(), other.close(), admin.end()]))

let names: string[]
beforeEach(async () => {
  const acme = `t${crypto.randomUUID().slice(0, 8)}`
  names = ['a', 'b', 'c'].map((end) => `${acme}_${end}`)
  for (const name of names) {
    await tenancy.tenants.create({ schema: name })
    await tenancy.settings.set(name, { token: `token of ${name}` })
  }
})

/** What a library would give: it knows its credentials, and whether it is closed. */
class Service {
  isClosed = false
  readonly token: string
  constructor(token: string) {
    this.token = token
  }
  call(): string {
    if (this.isClosed) throw new Error('it is closed')
    return this.token
  }
}

function services(max?: number) {
  const made: Service[] = []
  const kept = tenancy.settings.perTenant(
    ({ token }) => {
      made.push(new Service(token))
      return made.at(-1)!
    },
    { dispose: (service) => void (service.isClosed = true), ...(max !== undefined && { max }) },
  )
  onTestFinished(() => kept.close())
  const call = (name: string) => tenancy.run(name, () => kept.use((service) => service.call()))
  return { made, kept, call }
}

describe('the object', () => {
  test('is that of the current tenant, also for many at once, where one that is made once for all is not', async () => {
    const { made, call } = services()
    const calls = Array.from({ length: 30 }, (_, i) => names[i % 3]!)
    expect(await Promise.all(calls.map(call))).toEqual(calls.map((name) => `token of ${name}`))
    expect(made).toHaveLength(3)

    let one: Service | undefined
    const naive = async () => (one ??= new Service((await tenancy.settings()).token)).call()
    const answers = []
    for (const name of names) answers.push(await tenancy.run(name, naive))
    expect(new Set(answers).size).toBe(1)
  })

  test('is made again when the settings have changed, and the old one is closed when its last use has ended', async () => {
    const { made, kept, call } = services()
    const [acme] = names as [string]
    const { promise, resolve } = Promise.withResolvers<void>()
    const long = tenancy.run(acme, () => kept.use(async (service) => [service.call(), await promise, service.call()]))
    await vi.waitFor(() => expect(made).toHaveLength(1))
    await tenancy.settings.set(acme, { token: 'new' })
    expect(await call(acme)).toBe('new')
    expect(made.map(({ isClosed }) => isClosed)).toEqual([false, false])
    resolve()
    expect(await long).toEqual([`token of ${acme}`, undefined, `token of ${acme}`])
    await vi.waitFor(() => expect(made.map(({ isClosed }) => isClosed)).toEqual([true, false]))
  })

  test('is closed when another process changes the settings, without a use; and when the tenant is deleted', async () => {
    const { made, call } = services()
    const [acme, globex] = names as [string, string]
    for (const name of [acme, globex]) await call(name)
    await other.settings.set(acme, { token: 'new' })
    await vi.waitFor(() => expect(made.map(({ isClosed }) => isClosed)).toEqual([true, false]))
    await tenancy.tenants.delete(globex, { confirm: globex })
    await vi.waitFor(() => expect(made.map(({ isClosed }) => isClosed)).toEqual([true, true]))
  })

  test('is looked at again when the process may have missed changes', async () => {
    const { made, call } = services()
    const [acme] = names as [string]
    await tenancy.tenants.find('first')
    await call(acme)
    // As a process that was cut off: the change is not announced to it, and then it is told that anything may have changed.
    await admin.query(`alter table partywall.settings disable trigger settings_announce_update`)
    await admin.query(`update partywall.settings set value = '"new"' where key = 'token' and value = $1::jsonb`, [
      JSON.stringify(`token of ${acme}`),
    ])
    await admin.query(`alter table partywall.settings enable trigger settings_announce_update`)
    expect(made[0]!.isClosed).toBe(false)
    await admin.query(`select pg_notify('partywall', 'all')`)
    await vi.waitFor(() => expect(made[0]!.isClosed).toBe(true))
    expect(await call(acme)).toBe('new')
  })

  test('stays where the settings are set to what they were, and is another one after a rename', async () => {
    const { made, call } = services()
    const [acme] = names as [string]
    await call(acme)
    await tenancy.settings.set(acme, { token: `token of ${acme}` })
    await call(acme)
    expect(made).toHaveLength(1)
    await tenancy.tenants.rename(acme, { schema: `${acme}_2` })
    await call(`${acme}_2`)
    expect(made.map(({ isClosed }) => isClosed)).toEqual([true, false])
  })

  test('of a tenant that was not in use lately is pushed out', async () => {
    const { made, call } = services(2)
    for (const name of [names[0]!, names[1]!, names[2]!]) await call(name)
    await vi.waitFor(() => expect(made.filter(({ isClosed }) => isClosed)).toHaveLength(1))
    expect(await call(names[2]!)).toBe(`token of ${names[2]}`)
    expect(made).toHaveLength(3)
  })

  test('is never made of settings that were changed while they were being read', async () => {
    const [acme] = names as [string]
    const gate = Promise.withResolvers<void>()
    const reading = Promise.withResolvers<void>()
    // A schema that takes its time for the values that will be the old ones.
    const slow = createTenancy({
      ...config,
      settings: {
        schema: z.object({ token: z.string() }).refine(async ({ token }) => {
          if (token !== `token of ${acme}`) return true
          reading.resolve()
          await gate.promise
          return true
        }),
      },
    })
    onTestFinished(() => slow.close())
    const made: string[] = []
    const kept = slow.settings.perTenant(({ token }) => (made.push(token), token))
    const use = slow.run(acme, () => kept.use((token) => token))
    await reading.promise
    await slow.settings.set(acme, { token: 'new' })
    gate.resolve()
    expect(await use).toBe('new')
    expect(made).toEqual(['new'])
  })

  test('that could not be made is tried again by the next use, and waited for by all that asked', async () => {
    let count = 0
    const kept = tenancy.settings.perTenant(async ({ token }) => {
      if (++count === 1) throw new Error('no route')
      return token
    })
    onTestFinished(() => kept.close())
    const use = () => tenancy.run(names[0]!, () => kept.use((token) => token))
    expect((await Promise.allSettled([use(), use()])).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(count).toBe(1)
    expect(await use()).toBe(`token of ${names[0]}`)
  })

  test('is made outside of the request that needed it first, in the scope of its tenant', async () => {
    const request = new AsyncLocalStorage<string>()
    const seen: unknown[] = []
    const kept = tenancy.settings.perTenant(
      (_, tenant) => void seen.push([request.getStore(), tenant.schema, tenancy.current().schema]),
    )
    onTestFinished(() => kept.close())
    await request.run('of ada', () => tenancy.run(names[0]!, () => kept.use(() => seen.push(request.getStore()))))
    expect(seen).toEqual([[undefined, names[0], names[0]], 'of ada'])
  })
})

describe('the end', () => {
  test('waits for uses, and refuses others', async () => {
    const { made, kept } = services()
    const { promise, resolve } = Promise.withResolvers<void>()
    const long = tenancy.run(names[0]!, () => kept.use(async (service) => (await promise, service.call())))
    await vi.waitFor(() => expect(made).toHaveLength(1))
    let isClosed = false
    const closing = kept.close().then(() => (isClosed = true))
    await expect(tenancy.run(names[0]!, () => kept.use(() => 1))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    expect(isClosed).toBe(false)
    resolve()
    expect(await long).toBe(`token of ${names[0]}`)
    await closing
    expect(made[0]!.isClosed).toBe(true)
  })

  test('comes with that of the tenancy, and an error of dispose is a warning', async () => {
    const own = createTenancy(config)
    const disposed: string[] = []
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const kept = own.settings.perTenant((_, tenant) => tenant.schema, {
      dispose(schema) {
        disposed.push(schema)
        throw new Error('s3cret')
      },
    })
    await own.run(names[0]!, () => kept.use(() => 1))
    await own.close()
    expect(disposed).toEqual([names[0]])
    expect(warned.mock.calls).toMatchObject([[expect.stringContaining(names[0]!), { code: 'PARTYWALL_DISPOSE' }]])
  })

  test.each([
    ['no function', () => tenancy.settings.perTenant(7 as never)],
    ['a typo', () => tenancy.settings.perTenant(() => 1, { disposed: () => {} } as never)],
    ['a max of 0', () => tenancy.settings.perTenant(() => 1, { max: 0 })],
  ])('%s is refused at the start', (_, call) => {
    expect(call).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
  })

  test('there is none without a tenant', async () => {
    const { kept } = services()
    await expect(kept.use(() => 1)).rejects.toMatchObject({ code: 'NO_TENANT' })
  })
})
