/** What each kind has ready, as a table. */
import type { WarmFilled } from '../../tenancy-warm.ts'
import { table } from '../terminal/table.ts'

export function warmTable(kinds: readonly (Omit<WarmFilled, 'made'> & Partial<WarmFilled>)[]): string {
  return table(
    ['kind', 'ready', 'of', 'with other migrations', 'state'],
    kinds.map(({ kind, ready, size, others, made, unusable }) => [
      kind,
      String(ready),
      String(size),
      String(others),
      unusable === undefined ? (made === undefined ? '' : `made ${made}`) : `keeps none: ${unusable}`,
    ]),
  )
}
