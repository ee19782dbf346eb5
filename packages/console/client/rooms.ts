/** The rooms of the console: their pages, and where they stand in the bar. */
import type { NavItem } from '@partywall/ui'
import type { RouteRecordRaw } from 'vue-router'
import { dataPages } from './data/routes.ts'
import { operatorsNav, operatorsPages } from './operators/routes.ts'
import { healthNav, healthPages } from './health/routes.ts'
import { jobsNav, jobsPages } from './jobs/routes.ts'
import { logNav, logPages } from './log/routes.ts'
import { migrationsNav, migrationsPages } from './migrations/routes.ts'
import { tenantsPages } from './tenants/routes.ts'

export interface ClientRoom {
  readonly pages: readonly RouteRecordRaw[]
  readonly nav?: readonly NavItem[]
}

export const rooms: readonly ClientRoom[] = [
  { pages: tenantsPages, nav: [{ to: '/', label: 'Tenants', icon: 'tenants' }] },
  { pages: dataPages, nav: [{ to: '/shared/tables', label: 'Shared tables', icon: 'table' }] },
  { pages: migrationsPages, nav: migrationsNav },
  { pages: logPages, nav: logNav },
  { pages: jobsPages, nav: jobsNav },
  { pages: healthPages, nav: healthNav },
  { pages: operatorsPages, nav: operatorsNav },
]
