/**
 * Where the keys of each command of Redis 7 are, and which commands are refused. A test compares both with the server's own tables (COMMAND, COMMAND GETKEYS) and
 * with those of ioredis, so that no command is in neither.
 */
import { TenancyError } from '../../errors.ts'

/** As a client sends it: without the name of the command. */
export type Args = readonly unknown[]

export interface Rule {
  /** Places of keys, and of patterns of keys. */
  readonly keys?: (args: Args, name: string) => readonly number[]
  /** Places of channels. */
  readonly channels?: (args: Args, name: string) => readonly number[]
  /** What of the answer has keys in it. */
  readonly reply?: 'first' | 'streams' | 'scan'
}

const place0 = Object.freeze([0])
const first = (): readonly number[] => place0
const two = (): number[] => [0, 1]
const all = (args: Args): number[] => [...args.keys()]
const allButLast = (args: Args): number[] => all(args).slice(0, -1)
const fromSecond = (args: Args): number[] => all(args).slice(1)
const pairs = (args: Args): number[] => all(args).filter((place) => place % 2 === 0)

/** A number of keys, and then the keys. */
const counted =
  (at: number, before: readonly number[] = []) =>
  (args: Args, name: string): number[] => {
    const count = Number(textOf(args[at]))
    if (!Number.isSafeInteger(count) || count < 0 || count > args.length - at - 1)
      throw misread(name, 'the number of its keys is wrong')
    return [...before, ...Array.from({ length: count }, (_, index) => at + 1 + index)]
  }

/** A script that has no keys reaches what its text names. */
const scripted = (args: Args, name: string): number[] => {
  const places = counted(1)(args, name)
  if (places.length > 0) return places
  throw refusal(name, 'without KEYS it would reach what its text names. Give it its keys')
}

const subcommand =
  (...known: string[]) =>
  (args: Args, name: string): number[] => {
    if (known.includes(word(args[0]))) return [1]
    throw refusal(`${name} ${word(args[0])}`, 'it is not about one key')
  }

const keyless =
  (...known: string[]) =>
  (args: Args, name: string): number[] => {
    if (known.length === 0 || known.includes(word(args[0]))) return []
    throw refusal(`${name} ${word(args[0])}`, wholeServer)
  }

/** Options behind fixed arguments: how many arguments each takes, or that the one after it is a key. */
const options =
  (from: number, known: Readonly<Record<string, number | 'key'>>) =>
  (args: Args, name: string): number[] => {
    const places = [0]
    for (let place = from; place < args.length; place++) {
      const takes = known[word(args[place])]
      if (takes === undefined) throw misread(name, `the option ${JSON.stringify(word(args[place]).slice(0, 20))} is not known`)
      if (takes === 'key') {
        // A pattern without "*" is a word, such as nosort and #.
        if (!isPattern(args[place]) || textOf(args[place + 1]).includes('*')) places.push(place + 1)
      }
      place += takes === 'key' ? 1 : takes
    }
    return places
  }

const isPattern = (option: unknown): boolean => ['BY', 'GET'].includes(word(option))

const sorted = options(1, { BY: 'key', GET: 'key', STORE: 'key', LIMIT: 2, ASC: 0, DESC: 0, ALPHA: 0 })
const around = {
  WITHCOORD: 0,
  WITHDIST: 0,
  WITHHASH: 0,
  ASC: 0,
  DESC: 0,
  COUNT: 1,
  ANY: 0,
  STORE: 'key',
  STOREDIST: 'key',
} as const

/** The first half of what follows STREAMS. */
const streams = (args: Args, name: string): number[] => {
  const takes: Readonly<Record<string, number>> = { COUNT: 1, BLOCK: 1, NOACK: 0, GROUP: 2 }
  let place = 0
  while (place < args.length && word(args[place]) !== 'STREAMS') {
    const more = takes[word(args[place])]
    if (more === undefined) throw misread(name, `the option ${JSON.stringify(word(args[place]).slice(0, 20))} is not known`)
    place += 1 + more
  }
  const rest = args.length - place - 1
  if (rest < 2 || rest % 2 !== 0) throw misread(name, 'each stream needs an id')
  return Array.from({ length: rest / 2 }, (_, index) => place + 1 + index)
}

const copied = (args: Args, name: string): number[] => {
  if (args.slice(2).some((option) => word(option) === 'DB')) throw refusal(name, otherDatabase)
  return [0, 1]
}

const channels = (args: Args, name: string): number[] => {
  if (args.length > 0) return all(args)
  throw refusal(name, 'without a channel it means those of all tenants. Name the channels')
}

const wholeServer = 'it reads or changes what belongs to all tenants, or the server itself'
const connection = 'it changes the connection, which all tenants share'
const otherDatabase = 'it reaches another database, or another server'

function each(rule: Rule, names: string): [string, Rule][] {
  return names.split(' ').map((name) => [name, rule])
}

/** By the name of the command, in lower case. */
export const rules: ReadonlyMap<string, Rule> = new Map([
  ...each(
    { keys: first },
    'get set setex setnx psetex getset getdel getex append strlen getrange setrange substr incr decr incrby decrby incrbyfloat getbit setbit ' +
      'bitcount bitfield bitfield_ro bitpos ' +
      'hget hset hsetnx hmset hmget hdel hexists hgetall hincrby hincrbyfloat hkeys hlen hrandfield hscan hstrlen hvals ' +
      'hexpire hexpireat hexpiretime hpersist hpexpire hpexpireat hpexpiretime hpttl httl hgetdel hgetex hsetex ' +
      'lindex linsert llen lpop lpos lpush lpushx lrange lrem lset ltrim rpop rpush rpushx ' +
      'sadd scard sismember smismember smembers spop srandmember srem sscan ' +
      'zadd zcard zcount zincrby zlexcount zmscore zpopmax zpopmin zrandmember zrange zrangebylex zrangebyscore zrank zrem zremrangebylex ' +
      'zremrangebyrank zremrangebyscore zrevrange zrevrangebylex zrevrangebyscore zrevrank zscan zscore ' +
      'geoadd geodist geohash geopos georadius_ro georadiusbymember_ro geosearch pfadd ' +
      'xack xadd xautoclaim xclaim xdel xlen xpending xrange xrevrange xsetid xtrim ' +
      'expire expireat expiretime pexpire pexpireat pexpiretime persist pttl ttl type dump restore',
  ),
  ...each({ keys: two }, 'rename renamenx lmove blmove rpoplpush brpoplpush smove lcs zrangestore geosearchstore'),
  ...each({ keys: all }, 'del unlink exists touch mget pfcount pfmerge sdiff sdiffstore sinter sinterstore sunion sunionstore'),
  ...each({ keys: pairs }, 'mset msetnx'),
  ...each({ keys: fromSecond }, 'bitop'),
  ...each({ keys: allButLast, reply: 'first' }, 'blpop brpop bzpopmax bzpopmin'),
  ...each({ keys: counted(0), reply: 'first' }, 'lmpop zmpop'),
  ...each({ keys: counted(1), reply: 'first' }, 'blmpop bzmpop'),
  ...each({ keys: counted(0) }, 'sintercard zdiff zinter zintercard zunion'),
  ...each({ keys: counted(1, [0]) }, 'zdiffstore zinterstore zunionstore'),
  ...each({ keys: scripted }, 'eval eval_ro evalsha evalsha_ro fcall fcall_ro'),
  ...each({ keys: copied }, 'copy'),
  ...each({ keys: sorted }, 'sort sort_ro'),
  ...each({ keys: options(5, around) }, 'georadius'),
  ...each({ keys: options(4, around) }, 'georadiusbymember'),
  ...each({ keys: streams, reply: 'streams' }, 'xread xreadgroup'),
  ...each({ keys: subcommand('ENCODING', 'FREQ', 'IDLETIME', 'REFCOUNT') }, 'object'),
  ...each({ keys: subcommand('USAGE') }, 'memory'),
  ...each({ keys: subcommand('CREATE', 'CREATECONSUMER', 'DELCONSUMER', 'DESTROY', 'SETID') }, 'xgroup'),
  ...each({ keys: subcommand('CONSUMERS', 'GROUPS', 'STREAM') }, 'xinfo'),
  ...each({ keys: keyless() }, 'ping echo time'),
  ...each({ keys: keyless('LOAD', 'EXISTS') }, 'script'),
  // Its pattern is written by rewrite.ts.
  ...each({ reply: 'scan' }, 'scan'),
  ...each({ channels: first }, 'publish spublish'),
  ...each({ channels }, 'subscribe psubscribe ssubscribe unsubscribe punsubscribe sunsubscribe'),
])

function refusedFor(reason: string, names: string): [string, string][] {
  return names.split(' ').map((name) => [name, reason])
}

/** Commands that would reach other tenants or the connection, with the reason. What is in neither table is refused, too. */
export const refused: ReadonlyMap<string, string> = new Map([
  ...refusedFor(
    wholeServer,
    'flushall flushdb keys randomkey dbsize swapdb pubsub info acl bgrewriteaof bgsave cluster command config debug failover function lastsave latency lolwut module ' +
      'monitor pfdebug pfselftest psync replconf replicaof role save shutdown slaveof slowlog sync wait',
  ),
  ...refusedFor(
    connection,
    'asking auth client hello quit readonly readwrite reset select watch unwatch multi exec discard restore-asking',
  ),
  ...refusedFor(otherDatabase, 'move migrate'),
])

export function refusal(command: string, reason: string): TenancyError {
  return new TenancyError(
    'INVALID_ARGUMENT',
    `tenantRedis refuses ${command.toUpperCase()}: ${reason}. Use the client itself where that is meant.`,
    {
      details: { what: 'tenantRedis', option: command.toLowerCase() },
    },
  )
}

function misread(command: string, problem: string): TenancyError {
  return refusal(command, `${problem}, so its keys are not known`)
}

/** As Redis reads the name of an option. */
function word(arg: unknown): string {
  return textOf(arg).toUpperCase()
}

function textOf(arg: unknown): string {
  return Buffer.isBuffer(arg) ? arg.toString() : String(arg)
}
