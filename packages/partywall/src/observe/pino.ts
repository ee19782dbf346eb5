/**
 * partywall/pino: the tenant on every line of the log. The line belongs to the scope in which it is written, whichever logger writes it: with child loggers and with
 * transports, too, because pino calls a mixin where the line is written.
 */
import '../node-version.ts'
import { TenancyError } from '../errors.ts'
import { assertKnownKeys } from '../known-keys.ts'
import { notATenancy } from '../not-a-tenancy.ts'
import type { ScopeTenancy } from '../ports/tenancy-like.ts'
import { seen } from '../seen.ts'
import { warnIfUntested } from '../tested-versions.ts'

export type { ScopeLike, ScopeTenancy } from '../ports/tenancy-like.ts'

export interface TenantMixinOptions {
  /** The key of the tenant's id; `false` leaves it out. @default 'tenantId' */
  readonly id?: string | false | undefined
  /** The key of the name of the tenant's schema; `false` leaves it out. @default 'tenantSchema' */
  readonly schema?: string | false | undefined
  /** The key that is `shared` in the shared scope; `false` leaves it out. @default 'scope' */
  readonly shared?: string | false | undefined
  /** A mixin that the logger has already. Where both give a key, the tenant's counts. */
  readonly mixin?: LogMixin | undefined
}

/** A mixin of pino. */
export type LogMixin = (mergeObject: object, level: number, logger: any) => object

/**
 * A mixin for pino: inside the scope of a tenant each line has the tenant's id and schema, in the shared scope `scope: "shared"`, and outside of both nothing. It never
 * throws. Costs no query, and one small object for each line.
 * @example const logger = pino({ mixin: tenantMixin(tenancy) })
 * @throws TenancyError INVALID_OPTION
 */
export function tenantMixin(tenancy: ScopeTenancy, options: TenantMixinOptions = {}): LogMixin {
  assertKnownKeys('tenantMixin', options, ['id', 'schema', 'shared', 'mixin'], 'INVALID_OPTION')
  if (typeof (tenancy as Partial<ScopeTenancy> | undefined)?.scope !== 'function') throw notATenancy('tenantMixin', tenancy)
  warnIfUntested('pino')
  const id = keyOption('id', options.id, 'tenantId')
  const schema = keyOption('schema', options.schema, 'tenantSchema')
  const shared = keyOption('shared', options.shared, 'scope')
  const { mixin } = options
  if (mixin !== undefined && typeof mixin !== 'function') throw wrong('mixin', mixin, 'a function')

  const ofScope = (): Record<string, unknown> => {
    // pino adds the properties of the line to this object, so it is a new one each time.
    const fields: Record<string, unknown> = {}
    const scope = tenancy.scope()
    if (scope?.kind === 'tenant') {
      if (id !== false) fields[id] = scope.tenant.id
      if (schema !== false) fields[schema] = scope.tenant.schema
    } else if (scope?.kind === 'shared' && shared !== false) {
      fields[shared] = 'shared'
    }
    return fields
  }
  if (mixin === undefined) return ofScope
  return (mergeObject, level, logger) => ({ ...given(mixin, [mergeObject, level, logger]), ...ofScope() })
}

/** A line without the application's own fields is better than a request that fails because of its log. */
function given(mixin: LogMixin, args: Parameters<LogMixin>): object {
  try {
    return mixin(...args)
  } catch {
    return {}
  }
}

function keyOption(option: string, value: unknown, byDefault: string): string | false {
  if (value === undefined) return byDefault
  if (value === false || (typeof value === 'string' && value !== '')) return value
  throw wrong(option, value, 'the name of a key, or false')
}

function wrong(option: string, value: unknown, allowed: string): TenancyError {
  return new TenancyError('INVALID_OPTION', `"${option}" of tenantMixin must be ${allowed}; it is ${seen(value)}.`, {
    details: { option, what: 'tenantMixin' },
  })
}
