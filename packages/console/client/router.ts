/** The addresses of the pages, below the path at which the console is mounted. */
import { createRouter, createWebHistory } from 'vue-router'
import { focusHeading } from './shell/focus-heading.ts'
import { rooms } from './rooms.ts'

export const router = createRouter({
  history: createWebHistory(new URL(document.baseURI).pathname),
  routes: [
    ...rooms.flatMap(({ pages }) => pages),
    { path: '/:anything(.*)*', component: () => import('./shell/NotFoundPage.vue') },
  ],
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
})

router.afterEach((to, from, failure) => {
  // Another page of a list, or the first one of all, does not move the focus.
  if (failure === undefined && from.matched.length > 0 && to.path !== from.path) focusHeading()
})
