/** The addresses of the pages, below the path at which the console is mounted. */
import { createRouter, createWebHistory } from 'vue-router'
import { rooms } from './rooms.ts'

export const router = createRouter({
  history: createWebHistory(new URL(document.baseURI).pathname),
  routes: [
    ...rooms.flatMap(({ pages }) => pages),
    { path: '/:anything(.*)*', component: () => import('./shell/NotFoundPage.vue') },
  ],
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
})
