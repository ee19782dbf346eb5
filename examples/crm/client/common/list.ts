/** The state of a list is in the address: it survives a reload, and the way back. */
import { keepPreviousData, useQuery } from '@tanstack/vue-query'
import { computed, type ComputedRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import type { Page } from '../../src/api/schemas/common.ts'
import { getJson, withQuery } from '../api/fetch.ts'

export interface ListState {
  readonly values: ComputedRef<Readonly<Record<string, string>>>
  readonly page: ComputedRef<number>
  /** Empty values are left out. A change of anything but the page leads to the first page. */
  set(changes: Readonly<Record<string, string | number | boolean | undefined>>): void
}

export function useListState(): ListState {
  const route = useRoute()
  const router = useRouter()
  const values = computed(() =>
    Object.fromEntries(Object.entries(route.query).filter((entry): entry is [string, string] => typeof entry[1] === 'string')),
  )
  return {
    values,
    page: computed(() => Math.max(1, Math.floor(Number(values.value['page'])) || 1)),
    set(changes) {
      const next = { ...values.value, page: undefined, ...changes }
      const given = Object.entries(next).filter(([, value]) => value !== undefined && value !== '' && value !== false)
      void router.replace({ path: route.path, query: Object.fromEntries(given.map(([name, value]) => [name, String(value)])) })
    },
  }
}

/** A page of a list. The one before stays to be seen until the next is there. */
export function usePage<T>(path: string, query: () => Readonly<Record<string, unknown>>) {
  const address = computed(() => withQuery(path, query()))
  return useQuery({
    queryKey: computed(() => ['list', address.value]),
    queryFn: ({ signal }) => getJson<Page<T>>(address.value, signal),
    placeholderData: keepPreviousData,
  })
}

export function pageLabel({ page, limit, total, items }: Page<unknown>, one: string, many: string): string {
  if (total === 0) return `No ${many}`
  if (total === 1) return `1 ${one}`
  const first = (page - 1) * limit + 1
  return total <= limit && page === 1
    ? `${total.toLocaleString('en')} ${many}`
    : `${first.toLocaleString('en')} to ${(first + items.length - 1).toLocaleString('en')} of ${total.toLocaleString('en')} ${many}`
}
