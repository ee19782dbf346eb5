/** The pages of the log. */
import type { NavItem } from '@partywall/ui'
import type { RouteRecordRaw } from 'vue-router'

export const logPages: RouteRecordRaw[] = [
  { path: '/log', component: () => import('./LogPage.vue') },
  {
    path: '/log/tenants/:id',
    component: () => import('./FormerTenantPage.vue'),
    props: ({ params }) => ({ id: String(params['id']) }),
  },
  {
    path: '/t/:tenant/log',
    component: () => import('./LogPage.vue'),
    props: ({ params }) => ({ tenant: String(params['tenant']) }),
  },
]

export const logNav: NavItem[] = [{ to: '/log', label: 'Log', icon: 'log' }]
