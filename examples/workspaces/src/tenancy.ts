import { createTenancy } from 'partywall'
import config from '../partywall.config.ts'

export const openTenancy = () => createTenancy(config)
export type AppTenancy = ReturnType<typeof openTenancy>
