/**
 * What keeps the tenants of a test file apart: the search path, or their roles too (the projects "role" of vitest.config.ts). Most tests expect the same
 * under both; where PostgreSQL refuses more under `role`, a test says so.
 */
import { inject } from 'vitest'

declare module 'vitest' {
  export interface ProvidedContext {
    partywallBoundary: 'path' | 'role'
  }
}

export const boundary = inject('partywallBoundary')
/** True: a tenant's statement runs as its role, and may not create tables. */
export const isByRole = boundary === 'role'
