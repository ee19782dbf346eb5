import { createApi } from './api.ts'
import { openTenancy } from './tenancy.ts'

// Next.js loads this module once for the pages and once for the proxy, and again after an edit. Without this line each has a pool of its own.
const kept = globalThis as { api?: ReturnType<typeof createApi> }
export const api = (kept.api ??= createApi(openTenancy()))
