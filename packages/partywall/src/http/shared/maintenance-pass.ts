/** Who enters a tenant in maintenance all the same: a person with the secret, who looks at the result; and paths that must answer always. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { TenancyError } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import { isAmbiguousPath } from '../../names/own-path.ts'
import type { RequestFacts } from '../../ports/resolver.ts'

export interface MaintenanceOptions {
  /**
   * A secret of at least 16 characters. A request with it in the header `x-maintenance-bypass` enters the tenant. @default none
   */
  bypass?: string | undefined
  /**
   * Paths that are served during maintenance, without the part that names the tenant: `/status` is exactly this path, `/webhooks/*` every path
   * under it. @default []
   */
  paths?: readonly string[]
}

/** The header that holds the secret. */
const bypassHeader = 'x-maintenance-bypass'

export function maintenancePass({
  bypass,
  paths = [],
}: MaintenanceOptions): (resolution: { readonly mount?: string | undefined }, facts: RequestFacts) => boolean {
  const secret = bypass === undefined ? undefined : digest(bypass)
  return ({ mount = '' }, { headers, path = '' }) => {
    const given = headers?.[bypassHeader]
    // Digests have one length, so the time of the comparison tells nothing about the secret.
    if (secret !== undefined && typeof given === 'string' && timingSafeEqual(digest(given), secret)) return true
    const rest = path.slice(mount.length) || '/'
    // A program behind this one may resolve the dots of `/webhooks/../polls`.
    if (isAmbiguousPath(rest)) return false
    return paths.some((open) => (open.endsWith('/*') ? rest.startsWith(open.slice(0, -1)) : rest === open))
  }
}

/** @throws TenancyError INVALID_OPTION */
export function checkedMaintenance(what: string, options: MaintenanceOptions): MaintenanceOptions {
  assertKnownKeys(`"maintenance" of ${what}`, options, ['bypass', 'paths'], 'INVALID_OPTION')
  const { bypass, paths = [] } = options
  if (bypass !== undefined && (typeof bypass !== 'string' || bypass.length < 16)) {
    throw refused(what, 'maintenance.bypass', 'must be a secret of at least 16 characters')
  }
  if ('bypass' in options && bypass === undefined) {
    throw refused(what, 'maintenance.bypass', 'is there without a value; leave it out if there is no secret')
  }
  if (!Array.isArray(paths) || !paths.every((path) => typeof path === 'string' && /^\/[^*]*(?:\/\*)?$/.test(path))) {
    throw refused(what, 'maintenance.paths', 'must be a list of paths such as "/status" or "/webhooks/*"')
  }
  return options
}

/** The value is not shown: it may be a secret. */
function refused(what: string, option: string, problem: string): TenancyError<'INVALID_OPTION'> {
  return new TenancyError('INVALID_OPTION', `"${option}" of ${what} ${problem}.`, { details: { what, option } })
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
