/**
 * What this app needs of a company that takes payments. `fake-provider.ts` has all of it without a company; to use a real one, write this interface with its library, and give it to `startCrm`.
 * No card number ever comes here.
 */
import type { PlanId } from '../../api/schemas/billing.ts'

export interface BillingProvider {
  /** An address of the provider where a customer pays for a plan. It brings the customer back to `returnUrl`. */
  checkout(order: {
    readonly tenantId: string
    readonly plan: PlanId
    readonly returnUrl: string
  }): Promise<{ readonly url: string }>
  /** An address of the provider where a customer sees invoices, and cancels. */
  portal(order: {
    readonly tenantId: string
    readonly plan: PlanId
    readonly returnUrl: string
  }): Promise<{ readonly url: string }>
  /**
   * Reads what the provider has sent, after a check of its signature over the exact bytes.
   * @throws SignatureRefused where it does not come from the provider, or is too old
   */
  event(message: { readonly headers: Readonly<Record<string, unknown>>; readonly body: Buffer }): BillingEvent
}

/** `id` is the same when the provider sends an event again. */
export type BillingEvent =
  | { readonly id: string; readonly type: 'paid'; readonly tenantId: string; readonly plan: PlanId; readonly paidUntil: Date }
  | { readonly id: string; readonly type: 'cancelled'; readonly tenantId: string }

export class SignatureRefused extends Error {}
