import type { QueryClient } from '@tanstack/vue-query'
import { createRouter, createWebHistory, type RouteRecordRaw, type Router } from 'vue-router'
import { ApiError } from '../api/fetch.ts'
import { sessionQuery } from './session.ts'

/** Pages that anyone may open; all others need a session. */
const open: RouteRecordRaw[] = [
  { path: '/sign-in', component: () => import('../entrance/SignInPage.vue') },
  { path: '/forgot-password', component: () => import('../entrance/ForgotPage.vue') },
  { path: '/reset-password', component: () => import('../entrance/ResetPage.vue') },
  { path: '/join', component: () => import('../entrance/JoinPage.vue') },
].map((route) => ({ ...route, meta: { isOpen: true } }))

const settings: RouteRecordRaw[] = [
  { path: '', component: () => import('../settings/CompanyTab.vue') },
  { path: 'billing', component: () => import('../settings/BillingTab.vue') },
  { path: 'account', component: () => import('../settings/AccountTab.vue') },
]

const routes: RouteRecordRaw[] = [
  ...open,
  { path: '/', component: () => import('../dashboard/DashboardPage.vue') },
  { path: '/customers', component: () => import('../customers/CustomersPage.vue') },
  { path: '/customers/:id(\\d+)', component: () => import('../customers/CustomerPage.vue'), props: idOf },
  { path: '/leads', component: () => import('../leads/BoardPage.vue') },
  { path: '/leads/list', component: () => import('../leads/LeadsPage.vue') },
  { path: '/leads/:id(\\d+)', component: () => import('../leads/LeadPage.vue'), props: idOf },
  { path: '/projects', component: () => import('../projects/ProjectsPage.vue') },
  { path: '/projects/:id(\\d+)', component: () => import('../projects/ProjectPage.vue'), props: idOf },
  { path: '/tasks', component: () => import('../tasks/TasksPage.vue') },
  { path: '/notes', component: () => import('../notes/NotesPage.vue') },
  { path: '/files', component: () => import('../files/FilesPage.vue') },
  { path: '/imports', component: () => import('../imports/ImportsPage.vue') },
  { path: '/imports/:id(\\d+)', component: () => import('../imports/ImportPage.vue'), props: idOf },
  { path: '/people', component: () => import('../people/PeoplePage.vue') },
  { path: '/settings', component: () => import('../settings/SettingsPage.vue'), children: settings },
  { path: '/:rest(.*)', component: () => import('../entrance/NotFoundPage.vue') },
]

function idOf({ params }: { params: Record<string, string | string[]> }): { id: number } {
  return { id: Number(params['id']) }
}

export function createAppRouter(queries: QueryClient): Router {
  const router = createRouter({
    history: createWebHistory(),
    routes,
    scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  })
  router.beforeEach(async (to) => {
    if (to.meta['isOpen'] === true) return true
    try {
      await queries.ensureQueryData(sessionQuery)
      return true
    } catch (error) {
      if (error instanceof ApiError && error.code === 'TENANT_SUSPENDED') return true
      if (error instanceof ApiError && (error.status === 401 || error.status === 403))
        return { path: '/sign-in', query: to.fullPath === '/' ? {} : { to: to.fullPath } }
      return true
    }
  })
  // A page whose file is gone: the server has a newer build.
  router.onError((error, to) => {
    if (/dynamically imported module|Importing a module script/.test(String(error))) location.assign(to.fullPath)
  })
  return router
}
