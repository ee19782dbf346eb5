import { createTenancy } from 'partywall'
import { configurationOf } from './configuration.ts'
import type { Environment } from './environment.ts'

export type CrmTenancy = ReturnType<typeof openTenancy>
export type CrmTenant = ReturnType<CrmTenancy['current']>

export function openTenancy(environment: Environment) {
  return createTenancy(configurationOf(environment))
}
