/** The rooms that make tenants and migrate them, loaded when such work begins: a process that serves requests needs none of them. */
import type { Steps } from './lifecycle/steps/steps.ts'
import type { StepsParts } from './lifecycle/steps/steps-parts.ts'
import type { TemplateParts } from './lifecycle/templates/template-parts.ts'
import type { Templates } from './lifecycle/templates/templates.ts'
import type { WarmParts } from './lifecycle/warm/warm-parts.ts'
import type { Warm } from './lifecycle/warm/warm.ts'
import type { StandInTargets } from './migrations/plan/targets.ts'

/** What they need of the other rooms. */
export type WorkParts<A extends object> = StepsParts<A> & TemplateParts & Omit<WarmParts, 'templates'>

export interface WorkRooms<A extends object> {
  readonly templates: Templates
  readonly warm: Warm
  /** What runs of migrations migrate beside the tenants. */
  readonly standIns: readonly StandInTargets[]
  readonly steps: Steps<A>
}

/** Opens the same rooms at each call, because templates remember what was read of them. A call after a failure tries again. */
export function workRooms<A extends object>(parts: WorkParts<A>): () => Promise<WorkRooms<A>> {
  let opened: Promise<WorkRooms<A>> | undefined
  return () => {
    opened ??= open(parts).catch((error: unknown) => {
      opened = undefined
      throw error
    })
    return opened
  }
}

async function open<A extends object>(parts: WorkParts<A>): Promise<WorkRooms<A>> {
  const { Steps } = await import(/* webpackMode: "eager" */ './lifecycle/steps/steps.ts')
  const { Templates } = await import(/* webpackMode: "eager" */ './lifecycle/templates/templates.ts')
  const { Warm } = await import(/* webpackMode: "eager" */ './lifecycle/warm/warm.ts')
  const templates = new Templates(parts)
  const warm = new Warm({ ...parts, templates })
  return { steps: new Steps<A>(parts), templates, warm, standIns: [templates, warm] }
}
