/** The name of a tenant for people. */
import { TenancyError } from '../../errors.ts'

/**
 * Passes a name for people.
 * @throws TenancyError INVALID_TENANT_NAME
 */
export function assertTenantName(name: unknown): asserts name is string {
  if (typeof name === 'string' && name.trim() !== '' && name.length <= 255 && !name.includes('\0') && name.isWellFormed()) return
  throw new TenancyError('INVALID_TENANT_NAME', 'The name of a tenant must be text of 1 to 255 characters, without a zero byte.')
}
