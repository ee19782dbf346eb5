/** The pages of migrations and drift. */
import type { NavItem } from '@partywall/ui'
import type { RouteRecordRaw } from 'vue-router'

export const migrationsPages: RouteRecordRaw[] = [
  { path: '/migrations', component: () => import('./MigrationsPage.vue') },
  {
    path: '/migrations/:run',
    component: () => import('./RunPage.vue'),
    props: ({ params }) => ({ run: String(params['run']) }),
  },
  { path: '/drift', component: () => import('./DriftPage.vue') },
]

export const migrationsNav: NavItem[] = [
  { to: '/migrations', label: 'Migrations', icon: 'migrations' },
  { to: '/drift', label: 'Drift', icon: 'drift' },
]
