/**
 * From a host to a tenant: `acme.example.com` under a base that is yours, `www.acme.org` as a domain of the tenant's own. byHost reads the host of the
 * request with it, byOrigin that of the page which sent it.
 *
 * A host that belongs to no tenant (the base itself, an IP address, `localhost`) names none, so that a weaker resolver may name one.
 * Any other host does name a tenant; when there is none, the answer is `unknown`, and no header can change that.
 */
import { schemaNameProblem } from '../names/identifier.ts'
import { TenancyError } from '../errors.ts'
import type { SpelledHost } from '../names/host-spelling.ts'
import { assertKnownKeys } from '../known-keys.ts'
import { seen } from '../seen.ts'
import type { TenantRef } from '../types.ts'
import { hostName, withoutWww } from '../names/host-name.ts'
import type { Hint } from '../ports/resolver.ts'
import { namePattern, type NamePattern } from './name-pattern.ts'

export interface HostOptions {
  /**
   * Your own host or hosts, without port and `www.`: under `example.com`, the host `acme.example.com` names the tenant with the
   * schema `acme`. Use `localhost` in development: browsers and curl send `*.localhost` to your own machine. @default none
   */
  base?: string | readonly string[]
  /** Whether other hosts are looked up among the domains of the tenants. @default true */
  customDomains?: boolean
  /** Hosts that name no tenant although they look like it, e.g. `['api.example.com']`. @default [] */
  except?: readonly string[]
  /**
   * How the label before the base is made from the name of the schema: with `tenant-{schema}` the host `tenant-acme.example.com` names the schema
   * `acme`. For more labels write them into `base`: `eu.example.com`. @default '{schema}'
   */
  label?: string
  /**
   * How the name of the schema is made from what the label holds: with `tenant_{name}` the host `acme.example.com` names the schema
   * `tenant_acme`. @default '{name}'
   */
  schema?: string
}

export interface HostReader {
  /** Never throws. */
  read(host: string): Hint
  /** The host of a tenant under the first base; undefined without a base, and for a schema that no label can name. */
  hostOf(schema: string): string | undefined
  readonly bases: readonly string[]
  readonly customDomains: boolean
}

/**
 * @param what the resolver, for messages about its options
 * @throws TenancyError INVALID_OPTION
 */
export function hostReader(what: string, options: HostOptions): HostReader {
  assertKnownKeys(what, options, ['base', 'customDomains', 'except', 'label', 'schema'], 'INVALID_OPTION')
  const { base = [], customDomains = true, except = [] } = options
  assertGiven(what, options)
  const bases = [base].flat().map((text) => ownHost(what, 'base', text))
  const ownHosts = new Set([...bases, ...except.map((text) => exceptedHost(what, text))])
  const label = namePattern(what, 'label', options.label ?? '{schema}', labelForm)
  const schema = namePattern(what, 'schema', options.schema ?? '{name}', schemaForm)
  if (bases.length === 0 && !customDomains) {
    throw new TenancyError(
      'INVALID_OPTION',
      `${what} without a base and without custom domains names no tenant. Give it a base.`,
      { details: { option: 'base' } },
    )
  }

  function read(text: string): Hint {
    const parsed = hostName(text)
    if (parsed.form === 'invalid') return { outcome: 'invalid', reason: `the host is refused: ${parsed.reason}` }
    const { host } = parsed
    const short = withoutWww(host)
    // A name without a dot is known only inside your own network: no customer uses it.
    const isOwn = parsed.form === 'address' || !host.includes('.') || ownHosts.has(host) || ownHosts.has(short)
    if (isOwn) return { outcome: 'none' }
    // The schema goes first: a tenant that may add domains must not be able to take over the address of another tenant.
    const refs = [...schemaUnder(bases, short, label, schema), ...(customDomains ? domainsOf(host, short) : [])]
    const [ref, ...otherwise] = refs
    return ref === undefined ? { outcome: 'unknown' } : { outcome: 'tenant', ref, otherwise }
  }

  function hostOf(name: string): string | undefined {
    const inner = schema.read(name)
    const [first] = bases
    if (first === undefined || inner === undefined) return undefined
    const host = hostName(`${label.write(inner)}.${first}`)
    // Only a host that leads back: a label that DNS cannot have, or a name in `except`, would be the address of nothing.
    if (label.write(inner).length > 63 || host.form !== 'name' || ownHosts.has(host.host)) return undefined
    const hint = read(host.host)
    const isRead = hint.outcome === 'tenant' && typeof hint.ref === 'object' && 'schema' in hint.ref && hint.ref.schema === name
    return isRead ? host.host : undefined
  }

  return { read, hostOf, bases, customDomains }
}

const labelForm = { placeholder: 'schema', around: /^[a-z0-9_-]*$/, example: 'tenant-{schema}' }
const schemaForm = { placeholder: 'name', around: /^[a-z0-9_-]*$/, example: 'tenant_{name}' }

/** The one label before a base, if a schema can have this name. `a.b.example.com` is two labels, and no tenant of example.com. */
function schemaUnder(bases: readonly string[], host: string, label: NamePattern, schema: NamePattern): TenantRef[] {
  const first = host.slice(0, host.indexOf('.'))
  if (!bases.includes(host.slice(first.length + 1))) return []
  const inner = label.read(first)
  const name = inner === undefined ? undefined : schema.write(inner)
  return name !== undefined && schemaNameProblem(name) === undefined ? [{ schema: name }] : []
}

/** A domain that was added with its `www.` is found as it is; one that was added without also serves the host with it. */
function domainsOf(host: string, short: string): TenantRef[] {
  return [...new Set([host, short])].filter((domain) => domain.includes('.')).map((domain) => ({ domain }))
}

/**
 * Refuses an option that is there without a value. `base: process.env.BASE` without that variable would make every tenant unknown, and
 * an `except` that is not read would give a host of your own to a tenant.
 */
function assertGiven(what: string, options: HostOptions): void {
  const { base, except } = options
  const isEmpty = ('base' in options && base === undefined) || (Array.isArray(base) && base.length === 0)
  if (isEmpty)
    throw optionRefused(
      what,
      'base',
      base,
      'must be a host such as "example.com", or a list of them',
      'leave it out if you have none',
    )
  if (!('except' in options) || Array.isArray(except)) return
  throw optionRefused(
    what,
    'except',
    except,
    'must be a list of hosts, such as ["api.example.com"]',
    'leave it out if there are none',
  )
}

/** A host without a dot names no tenant anyway, so `except: ['api']` would not keep `api.example.com` for yourself. */
function exceptedHost(what: string, text: unknown): string {
  const host = ownHost(what, 'except', text)
  if (host.includes('.')) return host
  throw optionRefused(what, 'except', text, 'must have whole hosts', `write "${host}.example.com" with your own base`)
}

function optionRefused(
  what: string,
  option: string,
  value: unknown,
  must: string,
  advice: string,
): TenancyError<'INVALID_OPTION'> {
  const shown = seen(value, 'quoted')
  return new TenancyError('INVALID_OPTION', `The option "${option}" of ${what} ${must}, not ${shown}; ${advice}.`, {
    details: { option, seen: shown },
  })
}

/** A host that the configuration names. It must be spelt as it is compared, or it would match nothing, without a notice. */
function ownHost(what: string, option: string, text: unknown): string {
  const parsed = typeof text === 'string' ? hostName(text) : undefined
  const problem = parsed === undefined ? 'it is not text' : ownHostProblem(String(text), parsed)
  if (parsed?.form === 'name' && problem === undefined) return parsed.host
  const shown = seen(text, 'quoted')
  throw new TenancyError(
    'INVALID_OPTION',
    `The option "${option}" of ${what} must be a host such as "example.com", not ${shown}: ${problem}.`,
    { details: { option, seen: shown } },
  )
}

function ownHostProblem(text: string, parsed: SpelledHost): string | undefined {
  if (parsed.form === 'invalid') return parsed.reason
  if (parsed.form === 'address') return 'it is an IP address, and addresses have no subdomains'
  if (text.includes(':')) return 'it has a port, and only the name distinguishes tenants; leave out the port'
  if (parsed.host.startsWith('www.')) return `"www." is added by itself; give ${JSON.stringify(withoutWww(parsed.host))}`
  return undefined
}
