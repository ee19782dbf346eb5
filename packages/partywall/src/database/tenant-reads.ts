/** Reads in many tenants, one batch of them at a time: each batch is a read-only transaction on one connection. */
import type { Boundaries } from '../config/boundary-option.ts'
import { boundaryOf } from '../config/boundary-option.ts'
import { isTenancyError } from '../errors.ts'
import type { TenantBatch, TenantReads as TenantReadsPort, TenantRows } from '../ports/database.ts'
import type { Scope } from '../scope/scope.ts'
import { examine } from '../sql/statement-facts.ts'
import type { Tenant } from '../types.ts'
import type { Binding, Bindings } from './binding/binding.ts'
import { isServerError } from './binding/pg-internals.ts'
import { cancelOnAbort } from './pool/interrupt.ts'
import { connectFor, type TenantPool } from './pool/tenant-pool.ts'

export interface TenantReadsParts {
  /** Connections of the application, and those of the deploy role: for tenants whose own login the application has not. */
  readonly pools: { readonly app: () => Promise<TenantPool>; readonly deploy: () => Promise<TenantPool> }
  readonly bindings: Bindings
  readonly boundary: Boundaries
  readonly scope: Scope<any>
}

export class TenantReads implements TenantReadsPort {
  readonly #parts: TenantReadsParts

  constructor(parts: TenantReadsParts) {
    this.#parts = parts
  }

  doorOf(tenant: Tenant<any>): string {
    return boundaryOf(this.#parts.boundary, tenant)
  }

  async read(tenants: readonly Tenant<any>[], batch: TenantBatch, signal?: AbortSignal): Promise<TenantRows> {
    const { pools, bindings, scope } = this.#parts
    const byDeploy = this.doorOf(tenants[0]!) === 'login'
    const bound = tenants.map((tenant): Binding => (byDeploy ? bindings.ofTenantByDeploy(tenant) : bindings.ofTenant(tenant)))
    const { shared } = byDeploy ? bindings.deploy : bindings
    return scope.runOutside(async () => {
      const loan = await connectFor(byDeploy ? await pools.deploy() : await pools.app(), shared)
      const control = (text: string): Promise<unknown> => loan.client.queryFor(shared, examine(text))
      const stopListening = signal === undefined ? undefined : cancelOnAbort(loan.client, signal)
      try {
        await control('begin isolation level read committed read only')
        await control(`set local statement_timeout to ${batch.statementTimeoutMs}`)
        const answer = await loan.client.batchFor(bound, batch)
        await control(answer.error === undefined ? 'commit' : 'rollback')
        return answer
      } catch (error) {
        await control('rollback').catch(() => {})
        throw error
      } finally {
        stopListening?.()
        loan.release(signal?.aborted === true)
      }
    })
  }

  isPassing(error: unknown): boolean {
    // The server ended the session, or does not take connections yet.
    if (isServerError(error)) return /^(?:08|57P0)/.test(error.code)
    if (isTenancyError(error, 'DATABASE_UNREACHABLE')) return true
    // What node-postgres and the socket say of a connection that ended in the middle.
    return error instanceof Error && /terminated|ECONNRESET|EPIPE/i.test(String(error))
  }
}
