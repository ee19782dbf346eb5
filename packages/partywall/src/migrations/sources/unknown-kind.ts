/** The refusal of a kind of tenants that the configuration does not have. */
import { TenancyError } from '../../errors.ts'
import { nearest } from '../../nearest.ts'
import { seen } from '../../seen.ts'

/** @param kinds those of the configuration */
export function unknownKind(kind: unknown, kinds: readonly string[]): TenancyError {
  const suggestion = typeof kind === 'string' ? nearest(kind.slice(0, 60), kinds) : undefined
  return new TenancyError(
    'UNKNOWN_KIND',
    `There is no kind of tenant ${seen(kind, 'quoted')}. ` +
      (suggestion === undefined ? `The kinds are ${kinds.join(', ')}. ` : `Did you mean ${JSON.stringify(suggestion)}? `) +
      'To add a kind, give its migrations in the option "migrations.tenant": { default: …, <kind>: … }.',
    { details: { kind: typeof kind === 'string' ? kind.slice(0, 60) : seen(kind), kinds, nearest: suggestion } },
  )
}
