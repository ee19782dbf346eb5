/** The page of jobs. */
import type { RouteRecordRaw } from 'vue-router'

export const jobsPages: RouteRecordRaw[] = [{ path: '/jobs', component: () => import('./JobsPage.vue') }]
