/** One host name as `domain add` and `domain set-primary` print it. */
import type { Domain } from '../../types.ts'
import { pairs } from '../terminal/table.ts'

export function renderDomain({ domain, isPrimary, schema }: Domain & { readonly schema: string }): string {
  return pairs([
    ['domain', domain],
    ['tenant', schema],
    ['primary', isPrimary ? 'yes' : 'no'],
  ])
}
