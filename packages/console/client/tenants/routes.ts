/** The pages of tenants. */
import type { RouteRecordRaw } from 'vue-router'

export const tenantsPages: RouteRecordRaw[] = [
  { path: '/', component: () => import('./ListPage.vue') },
  { path: '/tenants/new', component: () => import('./NewPage.vue') },
  {
    path: '/t/:tenant',
    component: () => import('./ShowPage.vue'),
    props: true,
    children: [
      { path: '', component: () => import('./OverviewTab.vue') },
      { path: 'domains', component: () => import('./DomainsTab.vue') },
      { path: 'members', component: () => import('./MembersTab.vue') },
      { path: 'settings', component: () => import('./SettingsTab.vue') },
      { path: 'life', component: () => import('./LifeTab.vue') },
    ],
  },
]
