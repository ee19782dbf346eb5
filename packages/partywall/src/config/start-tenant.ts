/** The tenant that a whole process works for: `partywall run` names it to the programs that it starts. */
import { TenancyError } from '../errors.ts'
import { startVariable } from '../start-variable.ts'

/**
 * @throws TenancyError INVALID_OPTION when it is empty: a script that did not set its variable means a tenant, and without one its statements would be
 * refused far from the cause
 */
export function startTenant(environment: Readonly<Record<string, string | undefined>>): string | undefined {
  const named = environment[startVariable]
  if (named !== '') return named
  throw new TenancyError(
    'INVALID_OPTION',
    `The environment variable ${startVariable} is empty. Set it to a tenant, or unset it.`,
    {
      details: { option: startVariable, seen: '' },
    },
  )
}
