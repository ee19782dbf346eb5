import { unstable_cache } from 'next/cache'
import { notes } from './notes.js'
import { tenancy, tenantCache } from './tenancy.js'

/** As one writes it without a thought of tenants. */
const naive = unstable_cache(notes, ['naive notes'])

const ours = tenantCache(notes, ['notes'], { tags: ['notes'] })

async function naiveUseCache() {
  'use cache'
  return notes()
}

async function useCache(id) {
  'use cache'
  return tenancy.run({ id }, notes)
}

export const cached = { naive, ours, naiveUseCache, useCache: () => useCache(tenancy.current().id) }
