/** The page of jobs. */
import type { NavItem } from '@partywall/ui'
import type { RouteRecordRaw } from 'vue-router'

export const jobsPages: RouteRecordRaw[] = [{ path: '/jobs', component: () => import('./JobsPage.vue') }]

export const jobsNav: NavItem[] = [{ to: '/jobs', label: 'Jobs', icon: 'jobs' }]
