// The pages of data in a shell of their own, with a link to each tenant in the bar: the same page, without a load, as the selector of the console does it.
import '@partywall/ui/styles.css'
import { VueQueryPlugin } from '@tanstack/vue-query'
import { createApp, h } from 'vue'
import { createRouter, createWebHistory, RouterLink, RouterView, useRoute } from 'vue-router'
import { UiShell, UiToaster } from '@partywall/ui'
import { dataPages } from '../../client/data/routes.ts'

const router = createRouter({
  history: createWebHistory('/'),
  routes: [...dataPages, { path: '/:rest(.*)*', component: { render: () => 'another page' } }],
})
const Bar = {
  setup() {
    const route = useRoute()
    return () =>
      ['acme', 'globex'].map((tenant) =>
        h(RouterLink, { to: { path: route.path.replace(/^\/t\/[^/]+/, `/t/${tenant}`) } }, () => `to ${tenant}`),
      )
  },
}
createApp({
  render: () => [
    h(
      UiShell,
      { title: 'Console', nav: [{ to: '/shared/tables', label: 'Shared tables', icon: 'table' }] },
      { bar: () => h(Bar), default: () => h(RouterView) },
    ),
    h(UiToaster),
  ],
})
  .use(router)
  .use(VueQueryPlugin, { queryClientConfig: { defaultOptions: { queries: { retry: false } } } })
  .mount('#app')
