/** A connection of ioredis or node-redis as the store of a cache. */
import type { Backing } from './backing.ts'
import type { IoredisLike, NodeRedisLike } from './redis/clients.ts'

const perScan = 1000

export function ioredisBacking(client: IoredisLike): Backing {
  return {
    now: undefined,
    getMany: (keys) => client.call('mget', ...keys) as Promise<unknown[]>,
    set: (key, value, ttlMs) =>
      ttlMs === undefined ? client.call('set', key, value as string) : client.call('set', key, value as string, 'PX', ttlMs),
    delete: (keys) => client.call('unlink', ...keys),
    async *list(prefix) {
      let cursor = '0'
      do {
        const [next, keys] = (await client.call('scan', cursor, 'MATCH', `${prefix}*`, 'COUNT', perScan)) as [string, string[]]
        cursor = next
        yield* keys
      } while (cursor !== '0')
    },
  }
}

export function nodeRedisBacking(client: NodeRedisLike): Backing {
  const send = (...args: string[]): Promise<unknown> => client.sendCommand(args)
  return {
    now: undefined,
    getMany: (keys) => send('MGET', ...keys) as Promise<unknown[]>,
    set: (key, value, ttlMs) =>
      ttlMs === undefined ? send('SET', key, value as string) : send('SET', key, value as string, 'PX', String(ttlMs)),
    delete: (keys) => send('UNLINK', ...keys),
    async *list(prefix) {
      let cursor = '0'
      do {
        const [next, keys] = (await send('SCAN', cursor, 'MATCH', `${prefix}*`, 'COUNT', String(perScan))) as [string, string[]]
        cursor = String(next)
        yield* keys
      } while (cursor !== '0')
    },
  }
}
