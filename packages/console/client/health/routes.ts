/** The page of health. */
import type { NavItem } from '@partywall/ui'
import type { RouteRecordRaw } from 'vue-router'

export const healthPages: RouteRecordRaw[] = [{ path: '/health', component: () => import('./HealthPage.vue') }]

export const healthNav: NavItem[] = [{ to: '/health', label: 'Health', icon: 'health' }]
