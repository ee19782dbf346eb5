import { createTenancy } from 'partywall'
import config from '../partywall.config.ts'

/** Tests pass a database of their own. */
export function openTenancy(database = config.database) {
  return createTenancy({ ...config, database })
}

export type AppTenancy = ReturnType<typeof openTenancy>
