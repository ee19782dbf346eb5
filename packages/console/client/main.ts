import { VueQueryPlugin } from '@tanstack/vue-query'
import { createApp } from 'vue'
import '@partywall/ui/styles.css'
import App from './shell/App.vue'
import { queryOptions } from './api/queries.ts'
import { router } from './router.ts'
import './shell/shell.css'

createApp(App).use(router).use(VueQueryPlugin, queryOptions).mount('#app')
