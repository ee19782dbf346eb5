/** Where the keys of each command are, compared with the server's own tables and with those of ioredis. */
import { Command, type Redis as Ioredis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { refused, rules } from '../../src/cache/redis/commands.ts'
import { rewrite } from '../../src/cache/redis/rewrite.ts'
import { hasRedis, withoutRedis } from '../support/servers/redis.ts'
import { redisForFile } from './subjects.ts'

const prefixes = { key: 'K>', channel: 'C>' }

/** Arguments of commands whose keys are not always in the same place. Keys begin with k. */
const movable: Readonly<Record<string, readonly string[]>> = {
  blmpop: ['1 2 k1 k2 LEFT', '0 1 k1 RIGHT COUNT 3'],
  bzmpop: ['1 2 k1 k2 MIN'],
  lmpop: ['2 k1 k2 LEFT', '1 k1 LEFT COUNT 2'],
  zmpop: ['2 k1 k2 MAX COUNT 2'],
  eval: ['text 2 k1 k2 a', 'text 1 k1'],
  eval_ro: ['text 1 k1 a b'],
  evalsha: ['sha 1 k1 a'],
  evalsha_ro: ['sha 1 k1'],
  fcall: ['name 2 k1 k2 a'],
  fcall_ro: ['name 1 k1'],
  sintercard: ['2 k1 k2 LIMIT 1'],
  zintercard: ['2 k1 k2'],
  zdiff: ['2 k1 k2 WITHSCORES'],
  zinter: ['2 k1 k2 WEIGHTS 1 2'],
  zunion: ['1 k1'],
  zdiffstore: ['k0 2 k1 k2'],
  zinterstore: ['k0 2 k1 k2 AGGREGATE MIN'],
  zunionstore: ['k0 1 k1'],
  georadius: ['k1 1 2 3 km', 'k1 1 2 3 km WITHDIST COUNT 3 ANY ASC', 'k1 1 2 3 km STORE k2', 'k1 1 2 3 km COUNT 1 STOREDIST k2'],
  georadiusbymember: ['k1 m 3 km', 'k1 STORE 3 km STORE k2'],
  sort: ['k1', 'k1 LIMIT 0 STORE ALPHA DESC STORE k2'],
  sort_ro: ['k1 LIMIT 0 1 ASC'],
  xread: ['STREAMS k1 0', 'COUNT 1 BLOCK 0 STREAMS k1 k2 0 0'],
  xreadgroup: ['GROUP STREAMS c STREAMS k1 >', 'GROUP g c COUNT 1 NOACK STREAMS k1 k2 > >'],
  copy: ['k1 k2', 'k1 k2 REPLACE'],
  object: ['ENCODING k1', 'freq k1'],
  memory: ['USAGE k1', 'USAGE k1 SAMPLES 5'],
  xgroup: ['CREATE k1 g 0', 'DESTROY k1 g', 'SETID k1 g 0', 'CREATECONSUMER k1 g c', 'DELCONSUMER k1 g c'],
  xinfo: ['STREAM k1', 'GROUPS k1', 'CONSUMERS k1 g'],
  // The server finds no keys where there is one.
  pfmerge: ['k0 k1', 'k0 k1 k2'],
  mset: ['k1 v k2 v'],
  msetnx: ['k1 v'],
}

/** That of Redis 7 and newer that our server does not have: the places are the same for all, the first. */
const newer = 'hexpire hexpireat hexpiretime hpersist hpexpire hpexpireat hpexpiretime hpttl httl hgetdel hgetex hsetex'.split(
  ' ',
)

const misreadByIoredis = ['object', 'memory', 'xgroup', 'xinfo', 'sort', 'georadiusbymember', 'xreadgroup']

const withKeys = [...rules].filter(([, rule]) => rule.keys !== undefined).map(([name]) => name)
const keyless = ['ping', 'echo', 'time', 'script']

function placesOf(name: string, args: readonly string[]): string[] {
  const written = rewrite(prefixes, name, args).args.map(String)
  return written.filter((arg) => arg.startsWith(prefixes.key)).map((arg) => arg.slice(prefixes.key.length))
}

describe.skipIf(!hasRedis())(`the table of commands (${withoutRedis} if skipped)`, () => {
  let redis: Ioredis
  let arity: Map<string, number>
  beforeAll(async () => {
    redis = (await redisForFile()).raw
    const table = (await redis.call('COMMAND')) as [string, number][]
    arity = new Map(table.map(([name, count]) => [name.toLowerCase(), count]))
  })
  afterAll(() => redis.disconnect())

  test('every command of the server is in one of the two tables', () => {
    expect(arity.size).toBeGreaterThanOrEqual(240)
    const both = [...rules.keys()].filter((name) => refused.has(name))
    const none = [...arity.keys()].filter((name) => !rules.has(name) && !refused.has(name))
    expect({ both, none }).toEqual({ both: [], none: [] })
    const unknown = [...rules.keys(), ...refused.keys()].filter((name) => !arity.has(name) && !newer.includes(name))
    expect(unknown).toEqual([])
  })

  test('the keys are where the server and ioredis find them', async () => {
    const differences: unknown[] = []
    for (const name of withKeys.filter((each) => !keyless.includes(each) && !newer.includes(each))) {
      for (const args of examplesOf(name, arity.get(name)!)) {
        const ours = placesOf(name, args).toSorted()
        const server = (await redis
          .call('COMMAND', 'GETKEYS', name, ...args)
          .catch((error: Error) => [error.message])) as string[]
        if (String(ours) !== String(server.toSorted())) differences.push({ name, args, ours, server })
        // The table of ioredis knows no subcommands, and takes a value for an option.
        if (misreadByIoredis.includes(name)) continue
        const theirs = keysByIoredis(name, args)
        if (String(ours) !== String(theirs.toSorted())) differences.push({ name, args, ours, ioredis: theirs })
      }
    }
    expect(differences).toEqual([])
  })

  test('newer commands have their key first, as ioredis says', () => {
    for (const name of newer) expect({ name, keys: keysByIoredis(name, ['k1', 'a', 'b']) }).toEqual({ name, keys: ['k1'] })
  })
})

test('the patterns of SORT are behind the prefix; words that are no pattern stay', () => {
  const args = 'k1 BY weight_* GET # GET object_*->name GET nothing ALPHA'.split(' ')
  expect(rewrite(prefixes, 'sort', args).args).toEqual(
    'K>k1 BY K>weight_* GET # GET K>object_*->name GET nothing ALPHA'.split(' '),
  )
  expect(rewrite(prefixes, 'sort', ['k1', 'by', 'nosort']).args).toEqual(['K>k1', 'by', 'nosort'])
})

test('SCAN has the prefix in its pattern, and its answer has only own keys', () => {
  expect(rewrite(prefixes, 'scan', ['0']).args).toEqual(['0', 'MATCH', 'K>*'])
  const { args, reply } = rewrite(prefixes, 'SCAN', ['7', 'match', '*a', 'COUNT', 5, 'TYPE', 'hash'])
  expect(args).toEqual(['7', 'COUNT', 5, 'TYPE', 'hash', 'MATCH', 'K>*a'])
  expect(reply!(['9', ['K>a', 'other', Buffer.from('K>b')]])).toEqual(['9', ['a', Buffer.from('b')]])
})

test('channels have their own prefix', () => {
  expect(rewrite(prefixes, 'publish', ['news', 'text']).args).toEqual(['C>news', 'text'])
  expect(rewrite(prefixes, 'psubscribe', ['a*', 'b*']).args).toEqual(['C>a*', 'C>b*'])
})

test('a key in bytes, a number as a key, and answers with keys', () => {
  expect(rewrite(prefixes, 'mget', [Buffer.from([255, 0]), 7, 'x']).args).toEqual([
    Buffer.concat([Buffer.from('K>'), Buffer.from([255, 0])]),
    'K>7',
    'K>x',
  ])
  expect(rewrite(prefixes, 'blpop', ['a', 0]).reply!(['K>a', 'value'])).toEqual(['a', 'value'])
  expect(rewrite(prefixes, 'lmpop', [1, 'a', 'LEFT']).reply!(null)).toBeNull()
  const { reply } = rewrite(prefixes, 'xread', ['STREAMS', 'a', '0'])
  const entries = [['1-0', ['f', 'v']]]
  expect(reply!([['K>a', entries]])).toEqual([['a', entries]])
  expect(reply!(['K>a', entries])).toEqual(['a', entries])
  expect(reply!({ 'K>a': entries })).toEqual({ a: entries })
  expect(reply!(new Map([['K>a', entries]]))).toEqual(new Map([['a', entries]]))
  expect(reply!(null)).toBeNull()
  expect(() => reply!([['other', entries]])).toThrow(expect.objectContaining({ code: 'WRONG_TENANT' }))
})

test.each([
  ['FLUSHALL', [], /all tenants/],
  ['keys', ['*'], /all tenants/],
  ['config', ['GET', '*'], /all tenants/],
  ['select', [1], /connection/],
  ['watch', ['a'], /connection/],
  ['multi', [], /connection/],
  ['migrate', ['host', 1, 'a', 0, 1], /another database/],
  ['copy', ['a', 'b', 'DB', '1'], /another database/],
  ['json.get', ['a'], /not known where its keys are/],
  ['set\r\nflushall', ['a'], /not known/],
  ['__proto__', ['a'], /not known/],
  ['eval', ['return 1', 0], /without KEYS/],
  ['eval', ['return 1', 3, 'a'], /number of its keys is wrong/],
  ['eval', ['return 1', -1], /number of its keys is wrong/],
  ['zunion', ['2', 'a'], /number of its keys is wrong/],
  ['sort', ['a', 'UNKNOWN'], /"UNKNOWN" is not known/],
  ['georadius', ['a', 1, 2, 3, 'm', 'OTHER', 'b'], /"OTHER"/],
  ['xread', ['COUNT', 1], /needs an id/],
  ['xread', ['STREAMS', 'a', 'b', '0'], /needs an id/],
  ['scan', ['0', 'OTHER', 'x'], /"OTHER"/],
  ['object', ['HELP'], /not about one key/],
  ['memory', ['STATS'], /not about one key/],
  ['script', ['FLUSH'], /all tenants/],
  ['unsubscribe', [], /those of all tenants/],
  ['get', [undefined], /text, a number or a Buffer; it is undefined/],
  ['get', [{}], /it is an object/],
  ['set', [Number.NaN, 'x'], /it is NaN/],
])('%s %j is refused', (command, args, message) => {
  expect(() => rewrite(prefixes, command, args)).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringMatching(message) }),
  )
})

/** What a first attempt does. */
const naive = ([key, ...others]: readonly string[]): string[] => [`K>${key}`, ...others]

test('a naive prefix for the first argument misses keys: the tables are what finds them', () => {
  const missed = [...rules.keys()].filter((name) =>
    (movable[name] ?? []).some((text) => {
      const args = text.split(' ')
      return naive(args).join(' ') !== rewrite(prefixes, name, args).args.join(' ')
    }),
  )
  expect(missed.length).toBeGreaterThan(25)
})

function keysByIoredis(name: string, args: readonly string[]): string[] {
  return new Command(name, [...args]).getKeys().map(String)
}

/** As many arguments as the command needs, and two more where it takes more. */
function examplesOf(name: string, arity: number): string[][] {
  const given = movable[name]
  if (given !== undefined) return given.map((text) => text.split(' '))
  const least = Math.abs(arity) - 1
  return (arity < 0 ? [least, least + 2] : [least]).map((count) => Array.from({ length: count }, (_, index) => `k${index}`))
}
