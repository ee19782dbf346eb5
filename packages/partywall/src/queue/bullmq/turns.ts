/**
 * Turns: how one tenant's long backlog leaves room for the others. BullMQ works on jobs by their priority, the lowest number first. So the priority of a job is the
 * number of its turn: the tenant's first job that waits has the current turn, its second one the next turn, and so on. A tenant that comes later begins at the
 * current turn, too, and not behind the backlog.
 *
 * Nothing has to be counted down. The current turn is the one of the job that is next in Redis; only the last turn of each tenant is kept, in one sorted set, and it
 * is forgotten when the queue has been empty. A process that dies leaves nothing that must be set right, and if the set is lost, the turns begin where the queue is.
 */
import type { Queue } from 'bullmq'
import { TenancyError } from '../../errors.ts'

/** What of BullMQ's backend for Redis is needed. */
export interface RedisBackend {
  readonly client: Promise<RedisLike>
  toKey(type: string): string
}

interface RedisLike {
  defineCommand(name: string, definition: { numberOfKeys: number; lua: string }): void
  runCommand(name: string, args: readonly (string | number)[]): Promise<unknown>
}

/** A job that is due later gets its turn when it is due. Until then it has this priority: BullMQ hands it to a worker at once, which asks for its turn. */
export const noTurnYet = 1

/** BullMQ takes no higher priority. */
const mostTurns = 2 ** 21 - 1

export class Turns {
  readonly #backend: RedisBackend

  constructor(backend: RedisBackend) {
    this.#backend = backend
  }

  /** The turns of so many new jobs. */
  async next(key: string, count: number): Promise<number[]> {
    const first = await this.#ask(key, count, 0)
    return Array.from({ length: count }, (_, index) => Math.min(first + index, mostTurns))
  }

  /** A new turn for a job that was taken from the queue long after it got its own; undefined where it may run now. */
  async again(key: string, turn: number): Promise<number | undefined> {
    const next = await this.#ask(key, 1, turn)
    return next === 0 ? undefined : Math.min(next, mostTurns)
  }

  async #ask(key: string, count: number, turn: number): Promise<number> {
    const client = await this.#backend.client
    if (!knowing.has(client)) {
      client.defineCommand('partywallTurns', { numberOfKeys: 2, lua })
      knowing.add(client)
    }
    const keys = [this.#backend.toKey('prioritized'), this.#backend.toKey('partywall-turns')]
    return Number(await client.runCommand('partywallTurns', [...keys, key, count, turn, mostTurns]))
  }
}

/** @throws TenancyError INVALID_OPTION for a queue that is not in Redis */
export function turnsOf(
  what: string,
  { backend, fair = true }: { backend: unknown; fair?: boolean | undefined },
): Turns | undefined {
  if (!fair) return undefined
  if (typeof (backend as Partial<RedisBackend>).toKey === 'function' && 'client' in (backend as object))
    return new Turns(backend as RedisBackend)
  throw new TenancyError(
    'INVALID_OPTION',
    `"fair" of ${what} needs a queue in Redis. With another backend of BullMQ write fair: false.`,
    {
      details: { what, option: 'fair' },
    },
  )
}

/** The priority of a job decides its turn. @throws TenancyError INVALID_ARGUMENT */
export function assertNoOrder(what: string, options: { readonly priority?: unknown; readonly lifo?: unknown } | undefined): void {
  const option = (['priority', 'lifo'] as const).find((name) => options?.[name] !== undefined)
  if (option === undefined) return
  throw new TenancyError(
    'INVALID_ARGUMENT',
    `${what} refuses "${option}": jobs take turns by tenant. Use a queue of its own for what is urgent, or write fair: false where the queue and its worker are made.`,
    { details: { what, option } },
  )
}

/** Connections that know the script. */
const knowing = new WeakSet<object>()

/**
 * KEYS: what waits in BullMQ, by priority; the last turn of each tenant, and under an empty name the current one. ARGV: the tenant, how many turns, the turn that
 * the job has (0: none), the last turn there is. Returns the first turn; 0 where the job may run now.
 *
 * The current turn never goes back while something waits, because jobs that failed come back with an old turn. A job that is a little late is not sent back: it
 * was its turn when it was taken.
 */
const lua = `
local waiting = redis.call('zrange', KEYS[1], 0, 0, 'withscores')
local has = tonumber(ARGV[3])
if #waiting == 0 then
  redis.call('del', KEYS[2])
  if has > 0 then return 0 end
end
local turn = tonumber(redis.call('zscore', KEYS[2], '') or 2)
if #waiting > 0 then turn = math.max(turn, math.floor(tonumber(waiting[2]) / 4294967296)) end
redis.call('zadd', KEYS[2], turn, '')
redis.call('zremrangebyscore', KEYS[2], '-inf', '(' .. turn)
if has > 1 and has + 64 >= turn then return 0 end
local first = math.max(turn, tonumber(redis.call('zscore', KEYS[2], ARGV[1]) or 0) + 1)
redis.call('zadd', KEYS[2], math.min(first + tonumber(ARGV[2]) - 1, tonumber(ARGV[4])), ARGV[1])
return first
`

export type AnyQueue = Queue<any, any, string, any, any, any, any, any>
