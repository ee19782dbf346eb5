import { adviceOnRefused, adviceOnWarnings, refusal } from './adopt-errors.ts'
import type { AdoptPlan, CheckedAdoption } from './adopt-input.ts'

/** @throws TenancyError ADOPTION_REFUSED */
export function assertAcceptable(
  { schema, accept }: Pick<CheckedAdoption, 'schema' | 'accept'>,
  plan: Pick<AdoptPlan, 'refused' | 'warnings'>,
): void {
  if (plan.refused.length > 0) throw refusal('adopt', schema, plan.refused, adviceOnRefused)
  if (!accept && plan.warnings.length > 0) throw refusal('adopt', schema, plan.warnings, adviceOnWarnings)
}
