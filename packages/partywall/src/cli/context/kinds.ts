/**
 * Kinds of tenants that flags name, checked before the library is called: the error names the place in the config. A misspelt kind that is
 * not refused would select no tenant, and the command would report success.
 */
import { TenancyError } from '../../errors.ts'
import { nearest } from '../../nearest.ts'
import type { Tenancy } from '../../tenancy.ts'
import { listed } from '../terminal/printable.ts'

/**
 * Passes kinds of the config.
 * @throws TenancyError UNKNOWN_KIND
 */
export function assertKindsInConfig({ options }: Tenancy, kinds: readonly string[] = []): void {
  const known = Object.keys(options.migrations.tenant)
  const unknown = kinds.find((kind) => !known.includes(kind))
  if (unknown !== undefined) throw unknownKind(unknown.slice(0, 60), known)
}

/**
 * Passes also a kind that the config has lost, as long as there are tenants of it. Costs a query for each of these.
 * @throws TenancyError UNKNOWN_KIND
 */
export async function assertKindsInUse(tenancy: Tenancy, kinds: readonly string[] = []): Promise<void> {
  const known = Object.keys(tenancy.options.migrations.tenant)
  for (const kind of kinds.filter((one) => !known.includes(one))) {
    const tenants = await tenancy.tenants.list({ kinds: kind, limit: 1 })
    if (tenants.length === 0) throw unknownKind(kind.slice(0, 60), known)
  }
}

function unknownKind(kind: string, known: readonly string[]): TenancyError {
  const suggestion = nearest(kind, known)
  return new TenancyError(
    'UNKNOWN_KIND',
    `There is no kind of tenants ${JSON.stringify(kind)}.${suggestion === undefined ? '' : ` Did you mean ${JSON.stringify(suggestion)}?`} ` +
      `The kinds are the keys of migrations.tenant in the config: ${listed(known)}.`,
    { details: { kind, nearest: suggestion } },
  )
}
