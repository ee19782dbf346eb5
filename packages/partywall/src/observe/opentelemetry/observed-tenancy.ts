/** What the parts for OpenTelemetry take of a tenancy. */
import { notATenancy } from '../../not-a-tenancy.ts'
import type { TenancyEvents } from '../../events.ts'
import { observationKey, type Observation } from '../../observation.ts'
import type { ScopeTenancy } from '../../ports/tenancy-like.ts'
import { warnIfUntested } from '../../tested-versions.ts'

/** A tenancy, the result of `createTenancy(config)`. */
export interface TracedTenancy extends ScopeTenancy {
  on<E extends keyof TenancyEvents<any>>(event: E, listener: (payload: TenancyEvents<any>[E]) => unknown): () => void
  readonly [observationKey]: unknown
}

/** @param what takes it, for the message @throws TenancyError INVALID_OPTION */
export function observationOf(what: string, tenancy: TracedTenancy): Observation {
  warnIfUntested('@opentelemetry/api')
  const observation = (tenancy as Partial<TracedTenancy> | undefined)?.[observationKey]
  if (observation !== undefined && typeof tenancy.scope === 'function') return observation as Observation
  throw notATenancy(what, tenancy)
}
