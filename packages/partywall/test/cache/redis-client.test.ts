/** The clients of one tenant, by ioredis and by node-redis, on a server: the same promises for both. */
import { Redis as Ioredis } from 'ioredis'
import { createClient } from 'redis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { storedKey, tenantRedis } from '../../src/cache/cache.ts'
import { rules } from '../../src/cache/redis/commands.ts'
import { hasRedis, withoutRedis } from '../support/servers/redis.ts'
import { acme, globex, renamed, scopes, type Scopes } from './scopes.ts'
import { redisForFile } from './subjects.ts'

/** What both clients can do, in one language. */
interface Client {
  send(command: string, ...args: string[]): Promise<unknown>
  /** By a method of the library. */
  set(key: string, value: string): Promise<unknown>
  get(key: string): Promise<unknown>
  mset(values: Record<string, string>): Promise<unknown>
  scan(match?: string): Promise<string[]>
  pop(...keys: string[]): Promise<unknown>
  read(stream: string): Promise<string[]>
  batch(work: (add: (command: string, ...args: string[]) => void) => void): Promise<unknown[]>
  subscribe(channel: string, heard: (message: string, channel: string) => void): Promise<unknown>
  psubscribe(pattern: string, heard: (message: string, channel: string) => void): Promise<unknown>
  readonly all: any
}

interface Library {
  readonly name: string
  open(url: string, of: Scopes, options?: { lasting?: boolean }): Promise<Client>
}

const libraries: readonly Library[] = [
  {
    name: 'ioredis',
    async open(url, { tenancy }, options) {
      const [bare, listener] = [new Ioredis(url), new Ioredis(url)]
      for (const each of [bare, listener]) each.on('error', () => {})
      afterAll(() => [bare, listener].forEach((each) => each.disconnect()))
      const redis = tenantRedis(tenancy, bare, options)
      const heardBy = tenantRedis(tenancy, listener, options)
      return {
        all: redis,
        send: (command, ...args) => redis.call(command, ...args),
        set: (key, value) => redis.set(key, value),
        get: (key) => redis.get(key),
        mset: (values) => redis.mset(values),
        async scan(match) {
          const pages: string[][] = []
          for await (const page of redis.scanStream(match === undefined ? { count: 5 } : { match })) pages.push(page as string[])
          return pages.flat()
        },
        pop: (...keys) => redis.blpop(...keys, 1),
        read: async (stream) => (await redis.xread('COUNT', 5, 'STREAMS', stream, '0'))!.map(([key]) => key),
        async batch(work) {
          const multi = redis.multi()
          work((command, ...args) => void multi.call(command, ...args))
          return (await multi.exec())!.map(([, value]) => value)
        },
        async subscribe(channel, heard) {
          heardBy.on('message', (name: string, message: string) => name === channel && heard(message, name))
          return heardBy.subscribe(channel)
        },
        async psubscribe(pattern, heard) {
          heardBy.on('pmessage', (given: string, name: string, message: string) => given === pattern && heard(message, name))
          return heardBy.psubscribe(pattern)
        },
      }
    },
  },
  {
    name: 'node-redis',
    async open(url, { tenancy }, options) {
      const [bare, listener] = [createClient({ url }), createClient({ url })]
      await Promise.all([bare, listener].map((each) => each.on('error', () => {}).connect()))
      afterAll(() => [bare, listener].forEach((each) => each.destroy()))
      const redis = tenantRedis(tenancy, bare, options)
      const heardBy = tenantRedis(tenancy, listener, options)
      return {
        all: redis,
        send: (...args) => redis.sendCommand(args),
        set: (key, value) => redis.set(key, value),
        get: (key) => redis.get(key),
        mset: (values) => redis.mSet(values),
        async scan(match) {
          const pages: string[][] = []
          for await (const page of redis.scanIterator(match === undefined ? { COUNT: 5 } : { MATCH: match })) pages.push(page)
          return pages.flat()
        },
        pop: async (...keys) => {
          const { key, element } = (await redis.blPop(keys, 1))!
          return [key, element]
        },
        read: async (stream) => ((await redis.xRead({ key: stream, id: '0' })) as { name: string }[]).map(({ name }) => name),
        async batch(work) {
          const multi = redis.multi()
          work(
            (command, ...args) =>
              void (multi as unknown as { sendCommand(args: string[]): void }).sendCommand([command, ...args]),
          )
          return (await multi.exec()) as unknown[]
        },
        subscribe: (channel, heard) => heardBy.subscribe(channel, heard),
        psubscribe: (pattern, heard) => heardBy.pSubscribe(pattern, heard),
      }
    },
  },
]

describe.skipIf(!hasRedis()).each(libraries)(`the client of $name (${withoutRedis} if skipped)`, ({ open }) => {
  const own = scopes()
  const { run } = own
  let redis: Client
  let raw: Ioredis
  let url: string
  beforeAll(async () => {
    ;({ url, raw } = await redisForFile())
    redis = await open(url, own)
  })
  beforeEach(() => raw.flushdb())

  test('each tenant has its own keys, with 40 at once, by methods and by raw commands', async () => {
    await Promise.all([acme, globex, renamed].map((tenant) => run(tenant, () => redis.set('key', tenant.schema))))
    const tenants = Array.from({ length: 40 }, (_, index) => [acme, globex, renamed][index % 3]!)
    expect(await Promise.all(tenants.map((tenant) => run(tenant, () => redis.get('key'))))).toEqual(
      tenants.map(({ schema }) => schema),
    )
    expect(await run(globex, () => redis.send('GET', 'key'))).toBe('globex')
    await run(acme, () => redis.mset({ a: '1', b: '2' }))
    expect(await run(acme, () => redis.send('MGET', 'a', 'b', 'key'))).toEqual(['1', '2', 'acme'])
    expect(await run(globex, () => redis.send('MGET', 'a', 'b', 'key'))).toEqual([null, null, 'globex'])
  })

  test('without a tenant every command is refused; what is shared is named', async () => {
    await expect((async () => redis.get('key'))()).rejects.toMatchObject({ code: 'NO_TENANT' })
    await expect((async () => redis.send('SET', 'key', 'x'))()).rejects.toMatchObject({ code: 'NO_TENANT' })
    await expect((async () => redis.batch(() => {}))()).rejects.toMatchObject({ code: 'NO_TENANT' })
    await expect((async () => redis.subscribe('news', () => {}))()).rejects.toMatchObject({ code: 'NO_TENANT' })
    expect(await raw.dbsize()).toBe(0)
    await run(acme, () => redis.all.shared.set('key', 'for all'))
    expect(await redis.all.shared.get('key')).toBe('for all')
    expect(await run(acme, () => redis.get('key'))).toBeNull()
  })

  test('answers name keys as the application does: SCAN, a blocking pop, streams', async () => {
    await run(globex, () => redis.mset({ theirs: '1', 'a*': '2' }))
    await run(acme, () => redis.mset(Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`key:${index}`, 'x']))))
    expect(new Set(await run(acme, () => redis.scan()))).toEqual(
      new Set(Array.from({ length: 30 }, (_, index) => `key:${index}`)),
    )
    expect((await run(acme, () => redis.scan('key:1?'))).length).toBe(10)
    for (const pattern of ['*theirs', '../*', '[*', `*${globex.id}*`])
      expect(await run(acme, () => redis.scan(pattern))).toEqual([])
    await run(acme, () => redis.send('RPUSH', 'list', 'one'))
    expect(await run(acme, () => redis.pop('none', 'list'))).toEqual(['list', 'one'])
    await run(acme, () => redis.send('XADD', 'stream', '*', 'f', 'v'))
    expect(await run(acme, () => redis.read('stream'))).toEqual(['stream'])
  })

  test('a script has its KEYS, sort has its patterns', async () => {
    for (const tenant of [acme, globex]) {
      await run(tenant, async () => {
        await redis.send('EVAL', "return redis.call('set', KEYS[1], ARGV[1])", '1', 'made', tenant.schema)
        await redis.send('RPUSH', 'ids', '2', '1')
        await redis.mset({ name_1: `${tenant.schema} 1`, name_2: `${tenant.schema} 2` })
      })
    }
    expect(await run(acme, () => redis.get('made'))).toBe('acme')
    expect(await run(globex, () => redis.send('SORT', 'ids', 'BY', 'name_*', 'GET', 'name_*', 'ALPHA'))).toEqual([
      'globex 1',
      'globex 2',
    ])
  })

  test('a batch belongs to the tenant that began it', async () => {
    const answers = await run(acme, () =>
      redis.batch((add) => {
        add('SET', 'a', '1')
        add('SCAN', '0')
        add('GET', 'a')
      }),
    )
    expect([answers[0], answers[2]]).toEqual(['OK', '1'])
    expect(answers[1]).toEqual(['0', ['a']])
    const begun = run(acme, () => redis.all.multi())
    await expect((async () => run(globex, () => begun.set('a', 'x')))()).rejects.toMatchObject({ code: 'WRONG_TENANT' })
    await expect((async () => run(globex, () => begun.exec()))()).rejects.toMatchObject({ code: 'WRONG_TENANT' })
    for (const [command, ...args] of [['FLUSHALL'], ['KEYS', '*'], ['SELECT', '1']] as [string, ...string[]][]) {
      await expect(run(acme, async () => redis.batch((add) => add(command, ...args)))).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
      })
    }
    expect(await raw.keys('*')).toHaveLength(1)
  })

  test('a channel is that of one tenant, and its listener runs in that scope', async () => {
    const heard: string[] = []
    const listen = (kind: string) => (message: string, channel: string) =>
      void heard.push(`${own.tenancy.current().schema} ${kind} ${channel} ${message}`)
    for (const tenant of [acme, globex]) {
      await run(tenant, () => redis.subscribe('news', listen('on')))
      await run(tenant, () => redis.psubscribe('n*', listen('by pattern')))
    }
    await raw.publish('news', 'from nowhere')
    await run(acme, () => redis.send('PUBLISH', 'news', 'for acme'))
    await run(globex, () => redis.send('PUBLISH', 'news', 'for globex'))
    await expect.poll(() => heard.length).toBe(4)
    expect(heard.toSorted()).toEqual([
      'acme by pattern news for acme',
      'acme on news for acme',
      'globex by pattern news for globex',
      'globex on news for globex',
    ])
  })

  test('what reaches more than one tenant is refused, by every name', async () => {
    await run(globex, () => redis.set('key', 'globex'))
    const commands = [
      'flushall',
      'flushdb',
      'keys',
      'randomkey',
      'dbsize',
      'config',
      'info',
      'select',
      'multi',
      'exec',
      'watch',
      'no.such.command',
    ]
    for (const command of commands) {
      await expect(run(acme, async () => redis.send(command, '*'))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    }
    const names = [
      'flushall flushAll FLUSHALL flushallBuffer flushDb flushdb keys KEYS keysBuffer randomkey randomKey dbSize dbsize configGet config select SELECT watch WATCH',
      'unwatch exec discard quit QUIT disconnect close destroy connect duplicate legacy reset monitor MONITOR client clientKill info acl sendCommandX createPool',
      'executeIsolated executeMulti _executeMulti _self options connector stream commandQueue defineCommand constructor __proto__ on_error nextTick json ft bf ts',
    ].flatMap((line) => line.split(' '))
    const codes = await Promise.all(
      names.map((name) =>
        run(acme, async () => redis.all[name]('a', 'b')).then(
          () => [name, 'passed'],
          ({ code }) => [name, code],
        ),
      ),
    )
    expect(codes).toEqual(names.map((name) => [name, 'INVALID_ARGUMENT']))
    expect(() => (redis.all.options = {})).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
    expect(await run(globex, () => redis.get('key'))).toBe('globex')
    expect(await redis.all.then).toBeUndefined()
  })

  test('no command of the table changes or shows what another tenant has', async () => {
    await run(globex, async () => {
      await redis.mset(Object.fromEntries(['k0', 'k1', 'k2', 'k3'].map((key) => [key, 'secret'])))
    })
    const before = await dump(raw)
    // Blocking ones with an end, so that each answers.
    const passed = new Set(['subscribe', 'psubscribe', 'ssubscribe', 'unsubscribe', 'punsubscribe', 'sunsubscribe', 'script'])
    for (const name of [...rules.keys()].filter((each) => !passed.has(each))) {
      const attempt = (args: string[]): Promise<unknown> =>
        run(acme, async () => redis.send(name, ...args)).catch((error: Error) => error.message)
      const answers = await Promise.all(examples(name).map(attempt))
      expect(JSON.stringify({ name, answers })).not.toContain('secret')
    }
    const after = await dump(raw)
    for (const [key, value] of before) expect(after.get(key)).toBe(value)
    expect(new Set([...after.keys()].map((key) => storedKey(key)?.tenantId))).toEqual(new Set([acme.id, globex.id]))
    expect([...after.keys()].filter((key) => storedKey(key)?.tenantId === acme.id).length).toBeGreaterThan(0)
  })

  test('what lasts is there after a rename; forgetTenant removes every generation', async () => {
    const lastingRedis = await open(url, own, { lasting: true })
    await run(acme, () => lastingRedis.send('INCR', 'visits'))
    expect(await run(renamed, () => lastingRedis.send('INCR', 'visits'))).toBe(2)
    for (const tenant of [acme, renamed, globex]) await run(tenant, () => redis.set('key', tenant.schema))
    await redis.all.forgetTenant(acme)
    expect((await raw.keys('*')).map((key) => storedKey(key)?.tenantId)).toEqual([globex.id])
    await expect(redis.all.forgetTenant({ id: '*' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })
})

describe.skipIf(!hasRedis())('what only ioredis has', () => {
  test('callbacks, bytes, objects, own scripts, lists of commands and streams', async () => {
    const { raw } = await redisForFile()
    const { tenancy, run } = scopes()
    const bare = new Ioredis({ ...raw.options, enableAutoPipelining: true })
    bare.on('error', () => {})
    afterAll(() => bare.disconnect())
    bare.defineCommand('twice', { numberOfKeys: 1, lua: "return redis.call('append', KEYS[1], ARGV[1] .. ARGV[1])" })
    const redis = tenantRedis(tenancy, bare)
    await run(acme, async () => {
      await redis.hset('hash', { a: 1, b: 2 })
      expect(await redis.hgetall('hash')).toEqual({ a: '1', b: '2' })
      expect(await redis.getBuffer('none')).toBeNull()
      await redis.set(Buffer.from('bytes'), Buffer.from([1, 255]))
      expect(await redis.getBuffer('bytes')).toEqual(Buffer.from([1, 255]))
      expect(await new Promise((resolve) => void redis.get('bytes', (_, value) => resolve(value?.length)))).toBe(2)
      expect(await (redis as unknown as { twice(key: string, text: string): Promise<number> }).twice('text', 'ab')).toBe(4)
      expect(
        await redis
          .multi([
            ['set', 'x', '1'],
            ['incr', 'x'],
          ])
          .exec(),
      ).toEqual([
        [null, 'OK'],
        [null, 2],
      ])
      expect(await redis.pipeline().mset({ y: '1' }).get('y').exec()).toEqual([
        [null, 'OK'],
        [null, '1'],
      ])
      const pairs: unknown[] = []
      for await (const page of redis.hscanStream('hash')) pairs.push(...(page as unknown[]))
      expect(pairs).toEqual(['a', '1', 'b', '2'])
      expect(() => redis.multi({ pipeline: false })).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
      expect(() => redis.on('ready', () => {})).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
    })
    expect((await raw.keys('*')).filter((key) => !key.includes(acme.id))).toEqual([])
    expect(redis.status).toBe('ready')
  })

  test('a client with a prefix of its own, a cluster, and what is no client are refused', () => {
    const { tenancy } = scopes()
    const prefixedClient = new Ioredis({ lazyConnect: true, keyPrefix: 'app:' })
    for (const client of [prefixedClient, createClient({ keyPrefix: 'app:' })]) {
      expect(() => tenantRedis(tenancy, client)).toThrow(/refuses a client with "keyPrefix"/)
    }
    for (const wrong of [undefined, {}, new Map(), { isCluster: true, status: '' }]) {
      expect(() => tenantRedis(tenancy, wrong as never)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
    }
    expect(() => tenantRedis(tenancy, createClient(), { nam: 'x' } as never)).toThrow(/"nam". Did you mean "name"/)
  })
})

describe.skipIf(!hasRedis())('what only node-redis has', () => {
  test('options of a command, own scripts, typed batches, other types of answers', async () => {
    const { raw, url } = await redisForFile()
    const { tenancy, run } = scopes()
    const { defineScript } = await import('redis')
    const twice = defineScript({
      NUMBER_OF_KEYS: 1,
      SCRIPT: "return redis.call('append', KEYS[1], ARGV[1] .. ARGV[1])",
      parseCommand(parser, key: string, text: string) {
        parser.pushKey(key)
        parser.push(text)
      },
      transformReply: undefined as unknown as () => number,
    })
    const bare = createClient({ url, scripts: { twice } })
    await bare.on('error', () => {}).connect()
    afterAll(() => bare.destroy())
    const redis = tenantRedis(tenancy, bare)
    await run(acme, async () => {
      await redis.set('a', '1', { expiration: { type: 'EX', value: 60 } })
      await redis.hSet('hash', { f: 1, g: 2 })
      expect({ ...(await redis.hGetAll('hash')) }).toEqual({ f: '1', g: '2' })
      expect([await redis.twice('text', 'ab'), await redis.twice('text', 'c')]).toEqual([4, 6])
      expect(await redis.multi().set('b', '2').mGet(['a', 'b']).exec()).toEqual(['OK', ['1', '2']])
      expect(await redis.multi().get('a').execAsPipeline()).toEqual(['1'])
      expect(() => redis.multi().twice('text', 'd')).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
      const fields: unknown[] = []
      for await (const page of redis.hScanIterator('hash')) fields.push(...page.map(({ field }) => field))
      expect(fields).toEqual(['f', 'g'])
      const { RESP_TYPES } = await import('redis')
      expect(await redis.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }).get('a')).toEqual(Buffer.from('1'))
    })
    expect((await raw.keys('*')).filter((key) => !key.includes(acme.id))).toEqual([])
  })
})

/** With the keys k0 to k3 wherever a key may be. */
function examples(name: string): string[][] {
  const counts: Readonly<Record<string, string>> = {
    eval: "return_redis.call('get',KEYS[1]) 1 k0",
    blpop: 'k0 k1 0.01',
    brpop: 'k0 k1 0.01',
    bzpopmin: 'k0 0.01',
    bzpopmax: 'k0 0.01',
    blmove: 'k0 k1 LEFT LEFT 0.01',
    brpoplpush: 'k0 k1 0.01',
    blmpop: '0.01 1 k0 LEFT',
    bzmpop: '0.01 1 k0 MIN',
    xread: 'STREAMS k0 0',
    xreadgroup: 'GROUP g c STREAMS k0 >',
    scan: '0',
    sort: 'k0 BY nosort GET k* STORE k1',
    set: 'k0 own',
    mset: 'k0 own k1 own',
    sadd: 'k2 member',
    zadd: 'k3 1 member',
    rename: 'k0 k3',
    copy: 'k1 k0 REPLACE',
  }
  if (counts[name] !== undefined) return [counts[name].split(' ').map((arg) => arg.replace('_', ' '))]
  return [
    ['k0'],
    ['k0', 'k1'],
    ['k0', 'k1', 'k2'],
    ['k0', '1', '2'],
    ['2', 'k0', 'k1'],
    ['k3', '2', 'k0', 'k1'],
    ['AND', 'k3', 'k0', 'k1'],
  ]
}

async function dump(raw: Ioredis): Promise<Map<string, string>> {
  const keys = await raw.keys('*')
  return new Map(await Promise.all(keys.map(async (key) => [key, (await raw.dumpBuffer(key))!.toString('hex')] as const)))
}
