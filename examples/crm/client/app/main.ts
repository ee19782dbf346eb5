import '@partywall/ui/styles.css'
import './app.css'
import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { createApp } from 'vue'
import { config } from 'zod'
import { ApiError, onRefusal } from '../api/fetch.ts'
import App from './App.vue'
import { createAppRouter } from './router.ts'
import { forget, isSuspended } from './session.ts'

// Otherwise zod tries whether it may write code at run time, which the policy of the page refuses and reports.
config({ jitless: true })

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // A refusal stays one; a connection may come back.
      retry: (count, error) => count < 2 && error instanceof ApiError && (error.status === 0 || error.status >= 500),
    },
  },
})
const router = createAppRouter(queries)

onRefusal(({ code }) => {
  if (code === 'TENANT_SUSPENDED') isSuspended.value = true
  const here = router.currentRoute.value
  if (code !== 'SIGN_IN_REQUIRED' || here.meta['isOpen'] === true || here.matched.length === 0) return
  forget(queries)
  void router.replace({ path: '/sign-in', query: { to: here.fullPath } })
})

createApp(App).use(router).use(VueQueryPlugin, { queryClient: queries }).mount('#app')
