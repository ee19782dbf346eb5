/** Which of several links stands for the current page. */
import { computed } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import type { RouteLocationRaw } from 'vue-router'

/**
 * The link with the longest path that the current path begins with: `/t/acme/tables` on `/t/acme/tables/users`, rather than `/t/acme`.
 * Gives the value of `aria-current` for the link at an index.
 */
export function useCurrent(links: () => readonly { readonly to: RouteLocationRaw }[]) {
  const route = useRoute()
  const router = useRouter()
  const current = computed(() => {
    const path = withSlash(route.path)
    let index = -1
    let length = 0
    for (const [at, link] of links().entries()) {
      const candidate = withSlash(router.resolve(link.to).path)
      if (path.startsWith(candidate) && candidate.length > length) [index, length] = [at, candidate.length]
    }
    return { index, isExact: length === path.length }
  })
  return (index: number): 'page' | 'true' | undefined =>
    current.value.index !== index ? undefined : current.value.isExact ? 'page' : 'true'
}

function withSlash(path: string): string {
  return path.endsWith('/') ? path : `${path}/`
}
