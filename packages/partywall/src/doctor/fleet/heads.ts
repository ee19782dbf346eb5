/** PW-105: every schema has all migrations that this process knows, and a history that fits them. */
import { tenancyErrorOf } from '../../errors.ts'
import type { Context, Examination, Observation, SchemaStatus } from '../context/examination.ts'
import { capital, onlyTenant, someTenants, tenantsText } from '../context/wording.ts'

export const heads: Examination = {
  id: 'PW-105',
  title: 'Schemas that are behind, ahead, or do not fit the migrations',
  needs: 'current catalog',
  run: async (context: Context) => observe(await context.statuses()),
}

/** One finding for all schemas that have the same trouble. */
export function observe(statuses: readonly SchemaStatus[]): Observation[] {
  const broken = statuses.filter(({ problem }) => problem !== undefined)
  const sound = statuses.filter(({ problem }) => problem === undefined)
  const byCode = Map.groupBy(broken, ({ problem }) => tenancyErrorOf(problem)?.code ?? 'an error')
  // A schema that is missing is told where tenants and schemas are compared.
  byCode.delete('SCHEMA_MISSING')
  return [
    ...[...byCode].flatMap(([code, alike]) =>
      about(alike, (who) => ({
        severity: 'error',
        seen: `${who} cannot be migrated: ${code}.`,
        fix: `Run: npx partywall migrate status. What ${code} means, and what to do: docs/errors.md#${code}.`,
      })),
    ),
    ...about(
      sound.filter(({ pending }) => pending.length > 0),
      (who, are) => ({
        severity: 'warning',
        seen: `${who} ${are} behind: this version of the code has migrations that were not applied.`,
        fix: 'Run: npx partywall migrate',
      }),
    ),
    ...about(
      sound.filter(({ ahead }) => ahead.length > 0),
      (who, are) => ({
        severity: 'info',
        seen: `${who} ${are} ahead: a newer deploy has applied migrations that this version of the code does not have.`,
        fix: 'Nothing has to be done during a rolling deploy. Afterwards, deploy the newer code here, too.',
      }),
    ),
  ]
}

/** One finding for the shared schema, and one for all of the tenants. */
function about(alike: readonly SchemaStatus[], say: (who: string, are: 'is' | 'are') => Observation): Observation[] {
  const tenants = someTenants(alike.filter(({ tenantId }) => tenantId !== undefined).map(({ target }) => target))
  return [
    ...(alike.some(({ tenantId }) => tenantId === undefined) ? [say('The shared schema', 'is')] : []),
    ...(tenants.tenants > 0
      ? [{ ...say(capital(tenantsText(tenants)), tenants.tenants === 1 ? 'is' : 'are'), ...onlyTenant(tenants) }]
      : []),
  ]
}
