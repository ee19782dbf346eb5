import { createTenancy } from 'partywall'
import config from '../partywall.config.ts'

export type PollsTenancy = ReturnType<typeof createPollsTenancy>
export type PollsTenant = ReturnType<PollsTenancy['current']>

/** The tenancy of this app; tests pass their own database. */
export function createPollsTenancy(database = config.database) {
  return createTenancy({ ...config, database })
}
