/** The flags that choose entries of the audit. */
import type { Command } from 'commander'
import type { AuditFilter } from '../../tenancy-audit.ts'
import { repeated } from '../context/declarations.ts'
import { past } from '../terminal/times.ts'

export interface FilterFlags {
  readonly tenant?: string
  readonly actor?: string
  readonly action?: readonly string[]
  readonly since?: Date
  readonly until?: Date
}

export function withFilter(command: Command): Command {
  return command
    .option('--tenant <tenant>', 'only entries about this tenant; one that was deleted is named by its id (default: all)')
    .option('--actor <actor>', 'only what was done by this one, e.g. cli:ada (default: all)')
    .option('--action <name>', 'only this action, or all of a noun such as member; may be repeated (default: all)', repeated)
    .option('--since <when>', 'from then on: 7d or 12h ago, or a date (default: from the first entry)', past)
    .option('--until <when>', 'before then: 7d or 12h ago, or a date (default: to the last entry)', past)
}

export function filterFrom({ tenant, actor, action, since, until }: FilterFlags): AuditFilter {
  return { tenant, actor, action: action as AuditFilter['action'], since, until }
}
