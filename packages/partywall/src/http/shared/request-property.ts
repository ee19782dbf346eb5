/**
 * The tenant on the request object: under the name that the application chose, and under a symbol. `requireTenant` and `requireShared`
 * look at the symbol, because an application may have a property of its own with any name.
 */
import { TenancyError } from '../../errors.ts'
import { seen } from '../../seen.ts'
import type { RegisteredTenant, RequestProperty, Tenant } from '../../types.ts'

/** The tenant of this request, under the registered name; undefined on the shared side. */
export type TenantOfRequest = {
  readonly [Name in RequestProperty as Name extends string ? Name : never]?: RegisteredTenant | undefined
}

// Shared by all copies of the package in a process.
const tenantOf = Symbol.for('partywall.request.tenant')

/** @throws TenancyError INVALID_OPTION */
export function checkedProperty(what: string, property: unknown = 'tenant'): string | false {
  if (property === false || (typeof property === 'string' && property !== '')) return property
  const shown = seen(property, 'quoted')
  throw new TenancyError(
    'INVALID_OPTION',
    `"property" of ${what} must be the name of a property, or false for none; it is ${shown}.`,
    {
      details: { option: 'property', seen: shown },
    },
  )
}

/**
 * Sets both. A property that has a value already belongs to the framework, a library or the application. Their code would then read the
 * tenant where it expects its own value.
 * @throws TenancyError INVALID_OPTION
 */
export function markRequest(what: string, req: object, property: string | false, tenant: Tenant<object> | undefined): void {
  const isOurs = tenantOf in req
  if (property !== false) {
    if (!isOurs && Reflect.get(req, property) !== undefined) {
      const summary =
        `The request already has a property "${property}" when ${what} sets it, and overwriting it would change it for other code. ` +
        'Choose another name with the option "property", or false to set none.'
      throw new TenancyError('INVALID_OPTION', summary, { details: { option: 'property', seen: property } })
    }
    Object.assign(req, { [property]: tenant })
  }
  Object.defineProperty(req, tenantOf, { value: tenant, configurable: true })
}

/** The same as `tenantOfRequest`, where only the side matters. */
export function isTenantRequest(what: string, req: object): boolean {
  return tenantOfRequest(what, req) !== undefined
}

/**
 * The tenant of a request; undefined on the shared side.
 * @param what the guard that asks, for the message
 * @throws TenancyError INVALID_OPTION where no middleware of partywall has seen the request: its side is not known
 */
export function tenantOfRequest(what: string, req: object): Tenant | undefined {
  if (tenantOf in req) return Reflect.get(req, tenantOf) as Tenant | undefined
  throw new TenancyError(
    'INVALID_OPTION',
    `${what} does not know whose request this is: no middleware of partywall has seen it. Mount the one that enters the tenant in front of this route, and take ` +
      'both from the adapter of your framework.',
    { details: { what } },
  )
}
