/** The page of health. */
import type { RouteRecordRaw } from 'vue-router'

export const healthPages: RouteRecordRaw[] = [{ path: '/health', component: () => import('./HealthPage.vue') }]
