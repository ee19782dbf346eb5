/** What both verbs print: a row for each tenant, also for one that could not be looked at. */
import { tenantFiles, type FileUsageOf, type TenantFiles } from '../../files/files.ts'
import type { Tenant } from '../../types.ts'
import type { Cli } from '../context/cli.ts'
import { table } from '../terminal/table.ts'

export async function usageOfEach(
  cli: Cli,
  ref: string | undefined,
  read: (files: TenantFiles, tenant: Tenant) => Promise<FileUsageOf>,
): Promise<void> {
  const tenancy = await cli.tenancy()
  const files = tenantFiles(tenancy)
  const selection = ref === undefined ? {} : { tenants: ref }
  const { ok, entries } = await tenancy.forEach((tenant) => read(files, tenant), { ...selection, repair: true })
  if (!ok) cli.fail()
  const rows = entries.map(({ target, tenantId, value, error }) => ({
    schema: target,
    id: tenantId,
    ...(value ?? { error: error instanceof Error ? error.message : String(error) }),
  }))
  if (rows.length === 0) cli.out.say('There are no active tenants.')
  cli.out.result(rows, () => (rows.length === 0 ? '' : usageTable(rows)))
}

type Row = { readonly schema: string } & (FileUsageOf | { readonly error: string })

function usageTable(rows: readonly Row[]): string {
  return table(
    ['tenant', 'files', 'bytes', 'limit', 'problem'],
    rows.map((row) =>
      'error' in row
        ? [row.schema, '', '', '', row.error]
        : [row.schema, String(row.files), String(row.bytes), row.limit ?? 'none', ''],
    ),
    (column) => column === 1 || column === 2,
  )
}
