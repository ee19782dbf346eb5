/** What ready schemas need of the other rooms. */
import type { Options } from '../../config/options.ts'
import type { Events } from '../../events.ts'
import type { TemplateParts } from '../templates/template-parts.ts'
import type { Templates } from '../templates/templates.ts'

export interface WarmParts extends TemplateParts {
  readonly templates: Pick<Templates, 'cutFor' | 'warnOf'>
  readonly events: Pick<Events<any>, 'emit'>
  readonly options: TemplateParts['options'] & Pick<Options, 'warm'>
  /** Whether work that was not asked for may begin. */
  readonly background: { readonly isOff: boolean }
  /** Aborted when the tenancy is being closed. */
  readonly signal: AbortSignal
}

/** How many ready schemas a kind keeps; 0: none. */
export function sizeOf({ warm }: Pick<Options, 'warm'>, kind: string): number {
  return warm.size[kind] ?? 0
}
