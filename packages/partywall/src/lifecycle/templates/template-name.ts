/** How a template may be called that is saved. */
import { TenancyError } from '../../errors.ts'
import { seen } from '../../seen.ts'

/** @throws TenancyError INVALID_ARGUMENT */
export function assertTemplateName(name: unknown): asserts name is string {
  if (typeof name === 'string' && /^[a-z][a-z0-9_-]{0,62}$/.test(name) && !name.endsWith('\n')) return
  throw new TenancyError(
    'INVALID_ARGUMENT',
    `${seen(name, 'quoted')} cannot be the name of a template: it has 1 to 63 lower-case letters, digits, _ or -, and starts with a letter.`,
    { details: { option: 'name', what: 'templates' } },
  )
}
