import { createApp } from 'vue'
import { createRouter, createWebHashHistory } from 'vue-router'
import '@partywall/ui/styles.css'
import Gallery from './Gallery.vue'

const pages = ['actions', 'forms', 'overlays', 'tables', 'states', 'plots', 'hostile'] as const
const files = import.meta.glob<{ default: object }>('./pages/*.vue')

const router = createRouter({
  history: createWebHashHistory(),
  routes: [
    { path: '/', redirect: '/actions' },
    ...pages.map((name) => ({
      path: `/${name}/:part*`,
      component: files[`./pages/${name[0]!.toUpperCase()}${name.slice(1)}.vue`]!,
    })),
  ],
})

createApp(Gallery).use(router).mount('#app')
