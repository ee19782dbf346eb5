/** The words that templates ask for: what was chosen, and what follows from it. */
import type { Choice } from './choices.ts'

export function featuresOf({ framework, orm, auth }: Choice): ReadonlySet<string> {
  const runsTypeScript = framework !== 'nest' && framework !== 'next'
  return new Set([framework, orm, ...(runsTypeScript ? ['node'] : []), ...(auth === 'none' ? ['open'] : ['auth', auth])])
}
