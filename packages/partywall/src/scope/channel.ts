/** Names of channels and rooms that belong to one scope, for whatever is not in the tenant's schema: LISTEN and NOTIFY, Redis, message brokers, sockets. */
import { TenancyError } from '../errors.ts'
import { seen } from '../seen.ts'
import type { ScopeValue } from './scope.ts'

/**
 * The name of a channel in a scope: begins with the id of the tenant, so it stays when the tenant is renamed, and two tenants have two.
 * @throws TenancyError NO_TENANT, INVALID_ARGUMENT
 */
export function channelOf(scope: ScopeValue<any> | undefined, name: string): string {
  // PostgreSQL takes names of at most 63 bytes, and cuts longer ones in silence: two channels would be one.
  if (typeof name !== 'string' || !/^[\w.-]{1,26}$/.test(name))
    throw new TenancyError(
      'INVALID_ARGUMENT',
      `tenancy.channel takes a name of 1 to 26 letters, digits, "_", "-" and "."; it got ${seen(name)}.`,
      { details: { what: 'tenancy.channel', option: 'name', seen: seen(name) } },
    )
  if (scope === undefined)
    throw new TenancyError(
      'NO_TENANT',
      `The channel ${JSON.stringify(name)} is asked for outside every scope, so it is not known whose it is. Ask inside tenancy.run(tenant, fn), or tenancy.runShared(fn) for ` +
        'a channel of the shared side.',
      { details: { scope: 'none' } },
    )
  return `${scope.kind === 'tenant' ? scope.tenant.id : 'shared'}:${name}`
}
