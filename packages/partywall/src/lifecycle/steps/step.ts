/** What runs in a tenant after its schema was made: seeds and hooks, each by its name. */
import type { ProvisionContext, SeedContext } from '../../ports/steps.ts'
import type { Tenant } from '../../types.ts'

/** A step of a tenant, as the catalog has it. */
export interface TenantStep {
  /** The file of a seed in its folder, such as `plans.sql` or `demo/orders.ts`; `hooks.onProvision`, or `hooks.copyFiles` with the id of the source of a clone. */
  readonly name: string
  readonly kind: 'seed' | 'hook'
  /** The set of seeds that it belongs to. Absent: it runs in every new tenant. */
  readonly set?: string
  readonly state: 'pending' | 'running' | 'done' | 'failed'
  readonly attempts: number
  readonly startedAt?: Date
  readonly endedAt?: Date
  /** Why the last attempt failed. */
  readonly error?: string
}

/** What a step does. */
export type StepBody =
  | {
      readonly kind: 'sql'
      readonly name: string
      readonly file: string
      /** `line`: where it starts in the file; 1 is the first line. */
      readonly statements: readonly { readonly text: string; readonly line: number }[]
    }
  | { readonly kind: 'code'; readonly name: string; readonly file: string; readonly run: SeedFunction }
  | { readonly kind: 'hook'; readonly name: string; readonly run: HookFunction }

export type SeedBody = Exclude<StepBody, { kind: 'hook' }>
export type SeedFunction = (context: SeedContext<any>) => unknown
type HookFunction = (tenant: Tenant<any>, context: ProvisionContext) => unknown

/** The name of the step of this hook. No seed has it, because the name of a seed is that of its file. */
export const hookName = 'hooks.onProvision'
