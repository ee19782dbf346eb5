/** The client of ioredis as one tenant sees it: its commands by their own names, and nothing else of the client. */
import { Readable } from 'node:stream'
import { TenancyError } from '../../errors.ts'
import type { IoredisLike } from './clients.ts'
import { refusal, refused, rules } from './commands.ts'
import { assertSameTenant, isForeign, pinned, type Redirect } from './redirect.ts'
import { rewrite, without } from './rewrite.ts'

type Callback = (error: unknown, value?: unknown) => void

export function tenantIoredis(client: IoredisLike, redirect: Redirect, extras: object = {}): object {
  const methods = new Map<string, unknown>(
    Object.entries({ ...extras, ...listening(client, redirect), ...streaming(client, redirect) }),
  )
  methods.set('pipeline', (commands?: unknown) => batch(client, client.pipeline(), redirect, commands))
  methods.set('multi', (commands?: unknown, options?: unknown) => {
    const { pipeline } = { ...((Array.isArray(commands) ? options : commands) as { pipeline?: boolean }) }
    if (pipeline === false)
      throw refusal('multi', 'without a pipeline the transaction is open on the connection, which all tenants share')
    return batch(client, client.multi(), redirect, commands)
  })
  return new Proxy(Object.create(null) as object, {
    get(_, property) {
      if (isForeign(property)) return undefined
      if (property === 'status') return client.status
      let method = methods.get(property)
      if (method === undefined) methods.set(property, (method = methodOf(client, redirect, property)))
      return method
    },
    set(_, property) {
      throw refusal(String(property), 'the client of a tenant cannot be changed')
    },
  })
}

function methodOf(client: IoredisLike, redirect: Redirect, property: string): unknown {
  const call = commandOf(client, property)
  if (call === undefined) {
    return () => {
      throw refusal(property, 'it is no command of one tenant')
    }
  }
  return (...given: unknown[]) => {
    const callback = typeof given.at(-1) === 'function' ? (given.pop() as Callback) : undefined
    const promise = sent(client, redirect, call(given))
    if (callback !== undefined) {
      promise.then(
        (value) => callback(null, value),
        (error) => callback(error),
      )
    }
    return promise
  }
}

interface Call {
  readonly command: string
  readonly args: readonly unknown[]
  readonly isBuffer: boolean
  /** The method of ioredis, where it has one. `callBuffer` loses the name of the command in an automatic pipeline. */
  readonly method: string | undefined
}

/** How the arguments of a method become those of a command; undefined for what is no command. */
function commandOf(client: IoredisLike, property: string): ((given: unknown[]) => Call) | undefined {
  const isBuffer = property.endsWith('Buffer')
  const name = isBuffer ? property.slice(0, -'Buffer'.length) : property
  if (name === 'call') {
    return ([command, ...args]) => {
      const lower = String(command).toLowerCase()
      return { command: lower, args: flat(lower, args), isBuffer, method: methodFor(client, lower, isBuffer) }
    }
  }
  if (rules.has(name) || refused.has(name)) {
    const method = methodFor(client, name, isBuffer)
    return (args) => ({ command: name, args: flat(name, args), isBuffer, method })
  }
  const script = (client as { scriptsSet?: Record<string, { lua: string; numberOfKeys: number | null }> }).scriptsSet?.[name]
  if (script === undefined) return undefined
  const method = methodFor(client, 'eval', isBuffer)
  const count = script.numberOfKeys === null ? [] : [script.numberOfKeys]
  return (args) => ({ command: 'eval', args: flat('eval', [script.lua, ...count, ...args]), isBuffer, method })
}

function methodFor(client: IoredisLike, command: string, isBuffer: boolean): string | undefined {
  const method = isBuffer ? `${command}Buffer` : command
  return rules.has(command) && typeof Reflect.get(client, method) === 'function' ? method : undefined
}

/** As ioredis does it: lists are spread, and MSET takes an object, too. */
function flat(command: string, args: readonly unknown[]): readonly unknown[] {
  const spread = args.some(Array.isArray) ? (args as unknown[]).flat() : args
  const [only] = spread
  if (spread.length !== 1 || typeof only !== 'object' || only === null || Buffer.isBuffer(only)) return spread
  if (command !== 'mset' && command !== 'msetnx') return spread
  return [...(only instanceof Map ? only : Object.entries(only))].flat()
}

/** Rejects, and does not throw, as the commands of ioredis do. */
function sent(client: IoredisLike, redirect: Redirect, call: Call): Promise<unknown> {
  try {
    const { args, reply } = rewrite(redirect.prefixes(), call.command, call.args)
    const answer = passed(client, call, args)
    return reply === undefined ? answer : answer.then(reply)
  } catch (error) {
    return Promise.reject(error)
  }
}

/** To a client or to a batch of it. */
function passed(to: object, { command, isBuffer, method }: Call, args: unknown[]): Promise<unknown> {
  if (method !== undefined) return Reflect.apply(Reflect.get(to, method) as Function, to, args) as Promise<unknown>
  return Reflect.apply(Reflect.get(to, isBuffer ? 'callBuffer' : 'call') as Function, to, [command, ...args]) as Promise<unknown>
}

/** A pipeline or a transaction: all of it belongs to the tenant that began it. */
function batch(client: IoredisLike, inner: any, redirect: Redirect, commands: unknown): object {
  const begun = redirect.prefixes()
  const replies: (((reply: unknown) => unknown) | undefined)[] = []
  const add = (call: Call): void => {
    const written = rewrite(assertSameTenant(redirect, begun), call.command, call.args)
    void passed(inner, call, written.args)
    replies.push(written.reply)
  }
  const exec = async (): Promise<unknown> => {
    assertSameTenant(redirect, begun)
    const results = (await inner.exec()) as [unknown, unknown][] | null
    return results?.map(([error, reply], index) => [error, error || !replies[index] ? reply : replies[index](reply)]) ?? null
  }
  const proxy: object = new Proxy(Object.create(null) as object, {
    get(_, property) {
      if (isForeign(property)) return undefined
      if (property === 'length') return replies.length
      if (property === 'exec') return withCallback(exec)
      const call = commandOf(client, property)
      return (...given: unknown[]) => {
        if (call === undefined) throw refusal(property, 'it is no command of one tenant')
        if (typeof given.at(-1) === 'function')
          throw refusal(property, 'a callback of one command in a batch is not supported. Read the answers of exec')
        add(call(given))
        return proxy
      }
    },
  })
  if (Array.isArray(commands)) {
    for (const [name, ...args] of commands as [string, ...unknown[]][]) add(commandOf(client, 'call')!([name, ...args]))
  }
  return proxy
}

function withCallback(exec: () => Promise<unknown>): (callback?: Callback) => Promise<unknown> {
  return (callback) => {
    const promise = exec()
    if (callback !== undefined) {
      promise.then(
        (value) => callback(null, value),
        (error) => callback(error),
      )
    }
    return promise
  }
}

/** The places of the channel, and of the pattern, in what a listener is called with. */
const messages: Readonly<Record<string, number>> = { message: 1, pmessage: 2, smessage: 1 }

/** @throws TenancyError INVALID_ARGUMENT for an event that is no message */
function placesOf(event: string): number {
  const places = messages[event.replace(/Buffer$/, '')]
  if (places !== undefined) return places
  throw refusal(`on ${JSON.stringify(event)}`, 'it is an event of the connection, which all tenants share')
}

/** A listener hears the channels of the tenant in whose scope it was added, and runs in that scope. */
function listening(client: IoredisLike, redirect: Redirect): object {
  const added = new WeakMap<Function, Map<string, Function>>()
  const on = (event: string, listener: (...args: unknown[]) => void): object => {
    const places = placesOf(event)
    const prefix = redirect.prefixes().channel
    const bound = redirect.bind(listener)
    const heard = (...args: unknown[]): void => {
      const names = args.slice(0, places).map((name) => without(prefix, name))
      if (names.every((name) => name !== undefined)) bound(...names, ...args.slice(places))
    }
    const before = added.get(listener) ?? new Map<string, Function>()
    added.set(listener, before.set(`${event} ${prefix}`, heard))
    client.on(event, heard)
    return {}
  }
  const off = (event: string, listener: Function): object => {
    placesOf(event)
    const heard = added.get(listener)?.get(`${event} ${redirect.prefixes().channel}`)
    if (heard !== undefined) (client as unknown as { off(event: string, heard: Function): void }).off(event, heard)
    return {}
  }
  return { on, addListener: on, off, removeListener: off }
}

function streaming(client: IoredisLike, redirect: Redirect): object {
  const stream = (command: string, key: unknown[], options: ScanOptions = {}, isBuffer: boolean): Readable => {
    const of = pinned(redirect)
    return Readable.from(pages(client, of, command, key, options, isBuffer), { objectMode: true })
  }
  const ofKey = (command: string, isBuffer: boolean) => (key: unknown, options?: ScanOptions) =>
    stream(command, [key], options, isBuffer)
  return Object.fromEntries([
    ['scanStream', (options?: ScanOptions) => stream('scan', [], options, false)],
    ['scanBufferStream', (options?: ScanOptions) => stream('scan', [], options, true)],
    ...['sscan', 'hscan', 'zscan'].flatMap((command) => [
      [`${command}Stream`, ofKey(command, false)],
      [`${command}BufferStream`, ofKey(command, true)],
    ]),
  ])
}

interface ScanOptions {
  readonly match?: string
  readonly type?: string
  readonly count?: number | string
  readonly noValues?: boolean
}

async function* pages(
  client: IoredisLike,
  redirect: Redirect,
  command: string,
  key: unknown[],
  { match, type, count, noValues }: ScanOptions,
  isBuffer: boolean,
): AsyncGenerator<unknown[], void> {
  const given = [
    ...(match === undefined ? [] : ['MATCH', match]),
    ...(type === undefined ? [] : ['TYPE', type]),
    ...(count === undefined ? [] : ['COUNT', String(count)]),
    ...(noValues ? ['NOVALUES'] : []),
  ]
  let cursor = '0'
  do {
    const reply = await sent(
      client,
      redirect,
      commandOf(client, isBuffer ? 'callBuffer' : 'call')!([command, ...key, cursor, ...given]),
    )
    if (!Array.isArray(reply)) throw new TenancyError('INVALID_ARGUMENT', 'Redis has not answered as SCAN does.', { details: {} })
    cursor = String(reply[0])
    yield reply[1] as unknown[]
  } while (cursor !== '0')
}
