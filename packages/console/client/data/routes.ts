/** The pages of tables and rows. */
import type { RouteLocationNormalizedLoaded, RouteRecordRaw } from 'vue-router'

const place = ({ params }: RouteLocationNormalizedLoaded) => ({ place: String(params['tenant'] ?? 'shared') })
const table = (route: RouteLocationNormalizedLoaded) => ({ ...place(route), table: String(route.params['table']) })
const row = (route: RouteLocationNormalizedLoaded) => ({ ...table(route), rowKey: String(route.params['key']) })

const pagesBelow = (base: string): RouteRecordRaw[] => [
  { path: `${base}/tables`, component: () => import('./TablesPage.vue'), props: place },
  { path: `${base}/tables/:table`, component: () => import('./TablePage.vue'), props: table },
  { path: `${base}/tables/:table/:key`, component: () => import('./RowPage.vue'), props: row },
]

export const dataPages: RouteRecordRaw[] = [...pagesBelow('/t/:tenant'), ...pagesBelow('/shared')]
