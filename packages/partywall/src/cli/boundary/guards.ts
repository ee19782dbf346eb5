/** Parts of the wall that the deploy role could not make, with what to do. */
import type { MissingGuard } from '../../lifecycle/boundary/guards.ts'

export function renderGuards(guards: readonly MissingGuard[]): string[] {
  return guards.flatMap(({ seen, fix }) => ['', `missing: ${seen}`, ...fix.split('\n').map((line) => `  ${line}`)])
}
