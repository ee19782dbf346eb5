/** Says on stderr which seeds and hooks of a tenant run, as they start and end. */
import type { Tenancy } from '../../tenancy.ts'
import { printable } from '../terminal/printable.ts'
import type { Cli } from './cli.ts'

/** @param withTenant where several tenants are worked on at a time */
export function saySteps({ out }: Cli, tenancy: Tenancy, withTenant = false): void {
  const of = (schema: string): string => (withTenant ? `${printable(schema)}: ` : '')
  tenancy.on('tenant.step.started', ({ tenant, step, attempt }) =>
    out.say(`${of(tenant.schema)}${printable(step)}${attempt === 1 ? '' : ` (attempt ${attempt})`} …`),
  )
  tenancy.on('tenant.step.ended', ({ tenant, step, durationMs, error }) =>
    out.say(
      `${of(tenant.schema)}${printable(step)} ${error === undefined ? 'done' : 'failed'} after ${Math.round(durationMs)} ms`,
    ),
  )
}
