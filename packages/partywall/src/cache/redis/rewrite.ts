/** One command for Redis with the tenant in its keys, and its answer without. */
import { TenancyError } from '../../errors.ts'
import { seen } from '../../seen.ts'
import { refusal, refused, rules, type Args, type Rule } from './commands.ts'

/** What stands before the keys and the channels of one tenant. */
export interface Prefixes {
  readonly key: string
  readonly channel: string
}

export interface Rewritten {
  readonly args: unknown[]
  /** Takes the tenant off the answer. Undefined where an answer has no keys. */
  readonly reply: ((reply: unknown) => unknown) | undefined
}

/**
 * @param args flat, without the name of the command
 * @throws TenancyError INVALID_ARGUMENT for a command that would reach more than the keys of the tenant
 */
export function rewrite(prefixes: Prefixes, command: string, args: Args): Rewritten {
  const name = rules.has(command) ? command : command.toLowerCase()
  const rule = rules.get(name)
  if (rule === undefined) throw refusal(name, refused.get(name) ?? 'it is not known where its keys are')
  if (rule.reply === 'scan') return { args: scanOf(prefixes.key, args), reply: (reply) => scanned(prefixes.key, reply) }
  const written = [...args]
  for (const place of rule.keys?.(args, name) ?? []) written[place] = prefixed(prefixes.key, args, place, name)
  for (const place of rule.channels?.(args, name) ?? []) written[place] = prefixed(prefixes.channel, args, place, name)
  return { args: written, reply: replyOf(rule, prefixes.key) }
}

function prefixed(prefix: string, args: Args, place: number, name: string): string | Buffer {
  const key = args[place]
  if (typeof key === 'string') return prefix + key
  if (Buffer.isBuffer(key)) return Buffer.concat([Buffer.from(prefix), key])
  if (typeof key === 'number' && Number.isFinite(key)) return `${prefix}${key}`
  throw new TenancyError(
    'INVALID_ARGUMENT',
    `A key or channel of ${name.toUpperCase()} must be text, a number or a Buffer; it is ${seen(key)}.`,
    {
      details: { what: 'tenantRedis', option: name },
    },
  )
}

/** Without the prefix; undefined for what belongs elsewhere. */
export function without(prefix: string, key: unknown): string | Buffer | undefined {
  if (typeof key === 'string') return key.startsWith(prefix) ? key.slice(prefix.length) : undefined
  if (!Buffer.isBuffer(key)) return undefined
  const start = Buffer.from(prefix)
  return key.subarray(0, start.length).equals(start) ? key.subarray(start.length) : undefined
}

/** The pattern that is given, or all, behind the prefix. The prefix has no sign that a pattern knows. */
function scanOf(prefix: string, args: Args): unknown[] {
  const [cursor, ...others] = args
  const written: unknown[] = [cursor]
  let pattern: unknown = '*'
  for (let place = 0; place < others.length; place += 2) {
    const option = String(others[place]).toUpperCase()
    if (option === 'MATCH') pattern = others[place + 1]
    else if (option === 'COUNT' || option === 'TYPE') written.push(option, others[place + 1])
    else throw refusal('scan', `the option ${JSON.stringify(option.slice(0, 20))} is not known`)
  }
  return [...written, 'MATCH', prefixed(prefix, [pattern], 0, 'scan')]
}

function scanned(prefix: string, reply: unknown): unknown {
  const [cursor, keys] = reply as [unknown, unknown[]]
  return [cursor, keys.flatMap((key) => without(prefix, key) ?? [])]
}

function replyOf(rule: Rule, prefix: string): Rewritten['reply'] {
  if (rule.reply === 'first') return (reply) => firstOf(prefix, reply)
  if (rule.reply === 'streams') return (reply) => streamsOf(prefix, reply)
  return undefined
}

function firstOf(prefix: string, reply: unknown): unknown {
  if (!Array.isArray(reply)) return reply
  const [key, ...others] = reply as unknown[]
  return [own(prefix, key), ...others]
}

/** In the protocol 2 a list of pairs, in 3 a map, which a client makes an object, a Map or a flat list of. */
function streamsOf(prefix: string, reply: unknown): unknown {
  if (reply === null || typeof reply !== 'object') return reply
  if (reply instanceof Map) return new Map([...reply].map(([key, entries]) => [own(prefix, key), entries]))
  if (!Array.isArray(reply)) return Object.fromEntries(Object.entries(reply).map(([key, entries]) => [own(prefix, key), entries]))
  return reply.every((each) => Array.isArray(each) && each.length === 2 && !Array.isArray(each[0]))
    ? reply.map(([key, entries]) => [own(prefix, key), entries])
    : reply.map((each, index) => (index % 2 === 0 ? own(prefix, each) : each))
}

function own(prefix: string, key: unknown): string | Buffer {
  const found = without(prefix, key)
  if (found !== undefined) return found
  throw new TenancyError(
    'WRONG_TENANT',
    'Redis has answered with a key that is not of this tenant, so the answer is not passed on.',
    {
      details: { owner: 'another tenant', now: prefix },
    },
  )
}
