/** The connections that log in as tenants, of a pool. */
import { needsLogins } from '../../config/boundary-option.ts'
import type { Options } from '../../config/options.ts'
import type { Binding } from '../binding/binding.ts'
import type { TenantPoolConfig } from '../pool/tenant-pool.ts'
import { LoginConnections } from './login-connections.ts'
import type { LoggingInOptions } from './logging-in.ts'

/**
 * Undefined where no tenant has a login of its own.
 * @param max the most connections
 * @param shared the binding of what prepares such a connection before its tenant has it: the shared schema, and no role but its own
 */
export function loginsOf(
  { loginKeys: keys, boundary }: Pick<Options, 'loginKeys' | 'boundary'>,
  max: number,
  shared: Binding,
  generationOf: LoggingInOptions['generationOf'] = async () => undefined,
): TenantPoolConfig['logins'] {
  if (!needsLogins(boundary)) return undefined
  return ({ options, maker }) =>
    new LoginConnections({ options, maker: { ...maker, binder: { ...maker.binder, shared } } }, { max, keys, generationOf })
}
