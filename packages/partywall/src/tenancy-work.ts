/** The rooms that make tenants and migrate them, loaded when such work begins: a process that serves requests needs none of them. */
import type { Steps } from './lifecycle/steps/steps.ts'
import type { StepsParts } from './lifecycle/steps/steps-parts.ts'
import type { TemplateParts } from './lifecycle/templates/template-parts.ts'
import type { Templates } from './lifecycle/templates/templates.ts'

export interface WorkRooms<A extends object> {
  readonly templates: Templates
  readonly steps: Steps<A>
}

/** Opens the same rooms at each call, because templates remember what was read of them. A call after a failure tries again. */
export function workRooms<A extends object>(parts: StepsParts<A> & TemplateParts): () => Promise<WorkRooms<A>> {
  let opened: Promise<WorkRooms<A>> | undefined
  return () => {
    opened ??= open(parts).catch((error: unknown) => {
      opened = undefined
      throw error
    })
    return opened
  }
}

async function open<A extends object>(parts: StepsParts<A> & TemplateParts): Promise<WorkRooms<A>> {
  const { Steps } = await import(/* webpackMode: "eager" */ './lifecycle/steps/steps.ts')
  const { Templates } = await import(/* webpackMode: "eager" */ './lifecycle/templates/templates.ts')
  return { steps: new Steps<A>(parts), templates: new Templates(parts) }
}
