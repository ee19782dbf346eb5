/** What partywall needs of a connection to Redis: by ioredis 5, or by node-redis. */
import { TenancyError } from '../../errors.ts'
import { seen } from '../../seen.ts'

export interface IoredisLike {
  readonly status: string
  call(command: string, ...args: any[]): Promise<unknown>
  callBuffer(command: string, ...args: any[]): Promise<unknown>
  pipeline(...args: any[]): any
  multi(...args: any[]): any
  on(event: any, listener: any): unknown
}

export interface NodeRedisLike {
  readonly isOpen: boolean
  readonly isPubSubActive: boolean
  sendCommand(args: any, options?: any): Promise<any>
  multi(...args: any[]): any
}

export function isIoredis(client: unknown): client is IoredisLike {
  const { call, callBuffer, pipeline, status, isCluster } = (client ?? {}) as Partial<IoredisLike> & { isCluster?: boolean }
  return (
    [call, callBuffer, pipeline].every((each) => typeof each === 'function') && typeof status === 'string' && isCluster !== true
  )
}

/** Not a cluster, a sentinel or a pool of node-redis: their `sendCommand` has other arguments, or another connection each time. */
export function isNodeRedis(client: unknown): client is NodeRedisLike {
  const { sendCommand, multi, isOpen, isPubSubActive } = (client ?? {}) as Partial<NodeRedisLike>
  return (
    [sendCommand, multi].every((each) => typeof each === 'function') &&
    [isOpen, isPubSubActive].every((each) => typeof each === 'boolean')
  )
}

/** @throws TenancyError INVALID_ARGUMENT */
export function assertNoKeyPrefix(what: string, client: object): void {
  const { keyPrefix } = ((client as { options?: { keyPrefix?: unknown } }).options ?? {}) as { keyPrefix?: unknown }
  if (keyPrefix === undefined || keyPrefix === null || keyPrefix === '') return
  throw new TenancyError(
    'INVALID_ARGUMENT',
    `${what} refuses a client with "keyPrefix": names of channels and the answers of SCAN would not have it. Leave it out; the option "name" of ${what} keeps ` +
      'applications apart.',
    { details: { what, option: 'keyPrefix' } },
  )
}

/** The error for what is no client that partywall knows. */
export function noClient(what: string, client: unknown, others = ''): TenancyError {
  return new TenancyError(
    'INVALID_ARGUMENT',
    `${what} takes ${others}a client of ioredis 5 or of node-redis second, for one server; it got ${seen(client)}. Clusters, sentinels and pools are not supported.`,
    { details: { what, option: 'client' } },
  )
}
