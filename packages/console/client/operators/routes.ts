/** The page of operators. */
import type { NavItem } from '@partywall/ui'
import type { RouteRecordRaw } from 'vue-router'

export const operatorsPages: RouteRecordRaw[] = [{ path: '/operators', component: () => import('./OperatorsPage.vue') }]
export const operatorsNav: readonly NavItem[] = [{ to: '/operators', label: 'Operators', icon: 'operators' }]
