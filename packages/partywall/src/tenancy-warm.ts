/** `tenancy.warm`: what it promises to its users. */
import { TenancyError } from './errors.ts'
import type { Warm, WarmFilled, WarmStatus } from './lifecycle/warm/warm.ts'
import { seen } from './seen.ts'

export type { WarmFilled, WarmStatus }

export interface WarmApi {
  /**
   * Makes the ready schemas that kinds lack, as the option `warm.size` says, one after the other. A process that creates tenants does so by itself, in the
   * background; call it before the first of them, or before many are created. Costs for each what the creation of a tenant costs, and two readings of its structure.
   * @example const [{ ready }] = await tenancy.warm.fill()
   * @throws TenancyError MIGRATION_FAILED, INVALID_MIGRATION, MIGRATION_CHANGED, NOT_PERMITTED
   */
  fill(): Promise<WarmFilled[]>
  /**
   * What each kind has ready. One query, and one for each kind.
   * @example for (const { kind, ready, size } of await tenancy.warm.list()) console.log(kind, ready, size)
   */
  list(): Promise<WarmStatus[]>
  /**
   * Drops the ready schemas, or those of a kind. Where the option `warm.size` asks for them, they are made again after the next creation. Returns how many were
   * dropped. Costs a transaction for each.
   * @example await tenancy.warm.drop({ kind: 'enterprise' })
   * @throws TenancyError INVALID_ARGUMENT, NOT_PERMITTED
   */
  drop(which?: { readonly kind?: string | undefined }): Promise<number>
}

/** @param forWork loads what makes tenants */
export function warmApi(forWork: () => Promise<{ readonly warm: Warm }>): WarmApi {
  const room = async (): Promise<Warm> => (await forWork()).warm
  return Object.freeze({
    fill: async () => (await room()).fill(),
    list: async () => (await room()).list(),
    drop: async ({ kind } = {}) => {
      if (kind === undefined || typeof kind === 'string') return (await room()).drop(kind === undefined ? undefined : [kind])
      throw new TenancyError('INVALID_ARGUMENT', `"kind" of warm.drop must be the name of a kind; it is ${seen(kind)}.`, {
        details: { option: 'kind', what: 'warm.drop' },
      })
    },
  } satisfies WarmApi)
}
