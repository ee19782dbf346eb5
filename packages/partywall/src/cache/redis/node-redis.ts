/**
 * The client of node-redis as one tenant sees it. A command of node-redis writes its arguments itself and then passes them to its client: here it is given another
 * object in the place of the client, which puts the tenant into them. So what is no command, and would reach the connection, finds none.
 */
import { unusableVersion } from '../../tested-versions.ts'
import type { NodeRedisLike } from './clients.ts'
import { refusal } from './commands.ts'
import { assertSameTenant, isForeign, pinned, type Redirect } from './redirect.ts'
import { rewrite, without, type Prefixes } from './rewrite.ts'

type Method = (this: unknown, ...args: unknown[]) => any
type TransformReply = (reply: unknown, preserve: unknown, typeMapping: unknown) => unknown

interface Parser {
  readonly redisArgs: unknown[]
  readonly preserve: unknown
}

const state = new Set(['isOpen', 'isReady', 'isPubSubActive'])
const otherOptions = new Set(['withTypeMapping', 'withCommandOptions', 'withAbortSignal', 'asap'])
const iterators = new Set([
  'scanIterator',
  'hScanIterator',
  'hScanValuesIterator',
  'hScanNoValuesIterator',
  'sScanIterator',
  'zScanIterator',
])

export function tenantNodeRedis(client: NodeRedisLike, redirect: Redirect, extras: object = {}): object {
  const methods = new Map<string, unknown>(Object.entries({ ...extras, ...listening(client, redirect) }))
  methods.set('sendCommand', async ([command, ...args]: unknown[], options?: unknown) =>
    sent(client, redirect, [command, ...args], options),
  )
  const place = inPlace(client, redirect)
  for (const name of ['multi', 'MULTI']) methods.set(name, () => batch(client, redirect))
  return new Proxy(Object.create(null) as object, {
    get(_, property) {
      if (isForeign(property)) return undefined
      if (state.has(property)) return Reflect.get(client, property)
      let method = methods.get(property)
      if (method === undefined) methods.set(property, (method = methodOf(client, redirect, place, property)))
      return method
    },
    set(_, property) {
      throw refusal(String(property), 'the client of a tenant cannot be changed')
    },
  })
}

/**
 * Passes a client whose commands pass their arguments on where they are expected. They do it before they first wait.
 * @throws TenancyError INVALID_OPTION
 */
export function assertHandsOver(client: NodeRedisLike): void {
  const told: unknown[] = []
  const place = {
    _self: undefined as unknown,
    _executeCommand: (_: unknown, { redisArgs }: Parser) => void told.push(...redisArgs),
  }
  place._self = place
  // It may throw at once or later; what was told decides.
  void (async () => Reflect.apply(Reflect.get(client, 'get') as Method, place, ['probe']))().catch(() => {})
  if (told.join(' ') !== 'GET probe') throw unusableVersion('redis', 'does not let partywall put the tenant into its commands.')
}

function methodOf(client: NodeRedisLike, redirect: Redirect, place: object, property: string): unknown {
  const method = Reflect.get(client, property) as unknown
  if (typeof method === 'function' && otherOptions.has(property)) {
    return (...args: unknown[]) => tenantNodeRedis(Reflect.apply(method, client, args) as NodeRedisLike, redirect)
  }
  if (typeof method === 'function' && iterators.has(property)) {
    return (...args: unknown[]) => Reflect.apply(method, tenantNodeRedis(client, pinned(redirect)), args)
  }
  if (!isCommand(client, property)) {
    return () => {
      throw refusal(property, 'it is no command of one tenant')
    }
  }
  return (...args: unknown[]) => Reflect.apply(method as Method, place, args)
}

/** The commands that node-redis has made from its table stand together in one prototype. */
function isCommand(client: object, property: string): boolean {
  if (property === 'constructor' || property === 'Multi') return false
  for (let holder: object | null = client; holder !== null; holder = Object.getPrototypeOf(holder) as object | null) {
    if (Object.hasOwn(holder, property))
      return Object.hasOwn(holder, 'HSET') && typeof Object.getOwnPropertyDescriptor(holder, property)?.value === 'function'
  }
  return false
}

/** In the place of the client, for its commands. */
function inPlace(client: NodeRedisLike, redirect: Redirect): object {
  const options = Reflect.get(client, '_commandOptions') as { typeMapping?: unknown } | undefined
  const transformed = (
    reply: Promise<unknown>,
    { preserve }: Parser,
    transformReply: TransformReply | undefined,
  ): Promise<unknown> =>
    transformReply === undefined ? reply : reply.then((value) => transformReply(value, preserve, options?.typeMapping))
  const place = {
    _self: undefined as unknown,
    _commandOptions: options,
    _executeCommand: (_: unknown, parser: Parser, given: unknown, transformReply?: TransformReply) =>
      transformed(sent(client, redirect, parser.redisArgs, given), parser, transformReply),
    _executeScript(script: { readonly SCRIPT: string }, parser: Parser, given: unknown, transformReply?: TransformReply) {
      const [, sha, ...args] = parser.redisArgs
      const run = (command: string, text: unknown): Promise<unknown> => sent(client, redirect, [command, text, ...args], given)
      const reply = run('EVALSHA', sha).catch((error: Error) => {
        if (!error.message.startsWith('NOSCRIPT')) throw error
        return run('EVAL', script.SCRIPT)
      })
      return transformed(reply, parser, transformReply)
    },
  }
  place._self = place
  return place
}

/** @throws TenancyError at once; its callers are async */
function sent(
  client: NodeRedisLike,
  redirect: Redirect,
  [command, ...args]: readonly unknown[],
  options: unknown,
): Promise<unknown> {
  const name = String(command)
  const { args: written, reply } = rewrite(redirect.prefixes(), name, args)
  const answer = client.sendCommand([name, ...written], options) as Promise<unknown>
  return reply === undefined ? answer : answer.then(reply)
}

/** A transaction or a pipeline: all of it belongs to the tenant that began it. */
function batch(client: NodeRedisLike, redirect: Redirect): object {
  const begun = redirect.prefixes()
  const inner = client.multi() as { addCommand(args: unknown[], transformReply?: TransformReply): void } & Record<string, Method>
  const Multi = Reflect.get(client, 'Multi') as new (...args: unknown[]) => object
  const executions = new Set(['exec', 'EXEC', 'execTyped', 'execAsPipeline', 'execAsPipelineTyped'])
  const add = (given: readonly unknown[] & { preserve?: unknown }, transformReply?: TransformReply): void => {
    const [command, ...args] = given
    const { args: written, reply: strip } = rewrite(assertSameTenant(redirect, begun), String(command), args)
    const redisArgs = Object.assign([String(command), ...written], { preserve: given.preserve })
    if (strip === undefined) inner.addCommand(redisArgs, transformReply)
    else
      inner.addCommand(redisArgs, (reply, ...rest) =>
        transformReply === undefined ? strip(reply) : transformReply(strip(reply), ...rest),
      )
  }
  const proxy: object = new Proxy(Object.create(null) as object, {
    get(_, property) {
      if (isForeign(property)) return undefined
      if (executions.has(property)) {
        return async (...args: unknown[]) => {
          assertSameTenant(redirect, begun)
          return inner[property]!(...args)
        }
      }
      return (...args: unknown[]) => {
        let isAdded = false
        const noted = (...of: Parameters<typeof add>): void => {
          isAdded = true
          add(...of)
        }
        if (property === 'sendCommand') noted(args[0] as unknown[])
        else if (isCommand(inner, property)) {
          // A batch that leads nowhere, so that what adds nothing here is lost, and not sent.
          const nowhere = Object.assign(new Multi(), { addCommand: noted })
          Reflect.apply(Reflect.get(nowhere, property) as Method, nowhere, args)
        }
        if (!isAdded) throw refusal(property, 'it is no command of one tenant, or cannot be part of a batch')
        return proxy
      }
    },
  })
  return proxy
}

type Listener = (message: unknown, channel: unknown) => void

const subscriptions = { subscribe: 'unsubscribe', pSubscribe: 'pUnsubscribe', sSubscribe: 'sUnsubscribe' } as const

/** @throws TenancyError INVALID_ARGUMENT where no channel is named */
function fullNames({ channel }: Prefixes, name: string, channels: unknown): string[] {
  const list = [channels].flat()
  if (list.length > 0 && list.every((each) => typeof each === 'string')) return list.map((each) => channel + each)
  throw refusal(name, 'without the name of a channel it means those of all tenants')
}

/** A listener runs in the scope in which it subscribed, and is told the channel without the tenant. */
function listening(client: NodeRedisLike, redirect: Redirect): object {
  const added = new WeakMap<Listener, Map<string, Listener>>()
  const pairs = Object.entries(subscriptions).map(([subscribe, unsubscribe]) => {
    const on = async (channels: unknown, listener: Listener, isBuffer?: boolean): Promise<void> => {
      const prefixes = redirect.prefixes()
      const names = fullNames(prefixes, subscribe, channels)
      const bound = redirect.bind(listener)
      const heard: Listener = (message, channel) => {
        const name = without(prefixes.channel, channel)
        if (name !== undefined) bound(message, name)
      }
      const before = added.get(listener) ?? new Map<string, Listener>()
      for (const name of names) {
        before.set(`${subscribe} ${name}`, heard)
        await Reflect.apply(Reflect.get(client, subscribe) as Method, client, [name, heard, isBuffer])
      }
      added.set(listener, before)
    }
    const off = async (channels: unknown, listener?: Listener, isBuffer?: boolean): Promise<void> => {
      for (const name of fullNames(redirect.prefixes(), unsubscribe, channels)) {
        const heard = listener && added.get(listener)?.get(`${subscribe} ${name}`)
        if (listener === undefined || heard !== undefined) {
          await Reflect.apply(Reflect.get(client, unsubscribe) as Method, client, [name, heard, isBuffer])
        }
      }
    }
    return [
      [subscribe, on],
      [subscribe.toUpperCase(), on],
      [unsubscribe, off],
      [unsubscribe.toUpperCase(), off],
    ] as const
  })
  return Object.fromEntries(pairs.flat())
}
