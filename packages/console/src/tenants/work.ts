/** Creating, resuming and cloning a tenant, with each step told as it happens. */
import type { Context } from 'hono'
import { isTenancyError, type Tenant, type TenantStep } from 'partywall'
import type { AnyTenancy, ConsoleEnv } from '../parts.ts'
import type { WorkEvent } from './api.ts'
import { problemOf } from './problem.ts'
import { addressOf, stepAnswer } from './show.ts'
import { streamed, unknownFailure, type Tell } from './stream.ts'

export interface Work {
  /** The schema that the tenant has, or will have. */
  readonly schema: string
  /** What is done before the seeds and hooks; absent: it is done already. */
  readonly first?: string
  run(tell: Tell): Promise<Tenant<any>>
}

export function streamedWork(tenancy: AnyTenancy, c: Context<ConsoleEnv>, { schema, first, run }: Work): Response {
  const work = async (tell: Tell): Promise<WorkEvent> => {
    const beganAt = performance.now()
    let isFirst = first !== undefined
    const endFirst = (): void => {
      if (!isFirst) return
      isFirst = false
      tell({ type: 'step', step: { name: first!, state: 'done', durationMs: performance.now() - beganAt } })
    }
    if (isFirst) tell({ type: 'step', step: { name: first!, state: 'running' } })
    const ends = [
      tenancy.on('tenant.step.started', ({ tenant, step }) => {
        if (tenant.schema !== schema) return
        endFirst()
        tell({ type: 'step', step: { name: step, state: 'running' } })
      }),
      tenancy.on('tenant.step.ended', ({ tenant, step, durationMs, error }) => {
        if (tenant.schema === schema)
          tell({ type: 'step', step: { name: step, state: error === undefined ? 'done' : 'failed', durationMs } })
      }),
      tenancy.on('tenant.clone.progress', ({ schema: clone, table, bytes, totalBytes }) => {
        if (clone === schema) tell({ type: 'progress', table, bytes, totalBytes })
      }),
    ]
    try {
      const tenant = await run(tell)
      endFirst()
      const address = await addressOf(tenancy, tenant)
      return { type: 'done', schema: tenant.schema, name: tenant.name, ...('url' in address && address) }
    } catch (error) {
      if (isFirst) tell({ type: 'step', step: { name: first!, state: 'failed', durationMs: performance.now() - beganAt } })
      throw error
    } finally {
      for (const end of ends) end()
    }
  }
  return streamed(c, work, async (error) => {
    const problem = problemOf(error)
    if (problem === undefined) {
      process.emitWarning(`The console could not complete the tenant ${JSON.stringify(schema)}: ${String(error)}`, {
        code: 'PARTYWALL_CONSOLE',
      })
      return unknownFailure
    }
    return { type: 'failed', problem, ...(await whatStays(tenancy, schema, error)) }
  })
}

/** After a seed or a hook has failed, the tenant is there, and can be completed. */
async function whatStays(tenancy: AnyTenancy, schema: string, error: unknown): Promise<{ readonly resumable?: string }> {
  if (!isTenancyError(error, 'PROVISION_FAILED')) return {}
  const tenant = await tenancy.tenants.find({ schema })
  return tenant === undefined ? {} : { resumable: tenant.schema }
}

/** All steps as they stand, before the rest of them runs. */
export function tellSteps(tell: Tell, steps: readonly TenantStep[]): void {
  for (const step of steps) {
    const { name, state, ...rest } = stepAnswer(step)
    tell({ type: 'step', step: state === 'done' ? { name, state, ...rest } : { name, state: 'waiting' } })
  }
}
