/** The option `warm`: how many schemas each kind of tenants keeps ready. */
import { invalid, knownKeys, wholeNumber } from './checks.ts'
import type { WarmOptions } from './config.ts'

export interface Warmth {
  /** By kind. A kind that is not there keeps none. */
  readonly size: Readonly<Record<string, number>>
}

/** Each is a schema that every run of migrations migrates, and that the server has in its catalogs: more of them make each deploy slower. */
const mostReady = 100

/** @param kinds those that there are */
export function warmOption(warm: WarmOptions, kinds: readonly string[]): Warmth {
  knownKeys('warm.', warm, ['size'])
  const { size = 0 } = warm
  const byKind = typeof size === 'object' && size !== null && !Array.isArray(size) ? size : { default: size }
  const sizes = Object.entries(byKind).map(([kind, given]): [string, number] => {
    const option = byKind === size ? `warm.size.${kind}` : 'warm.size'
    if (!kinds.includes(kind)) throw invalid(option, kind, 'under a kind of tenants that migrations.tenant has')
    return [kind, wholeNumber(option, given, 0, mostReady)]
  })
  return Object.freeze({ size: Object.freeze(Object.fromEntries(sizes.filter(([, given]) => given > 0))) })
}
