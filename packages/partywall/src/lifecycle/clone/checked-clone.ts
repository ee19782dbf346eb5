/** The row of the clone, refused as a creation refuses it. */
import { validateAttributes } from '../../catalog/tenants/attributes.ts'
import { assertExpiry } from '../../catalog/tenants/expiry.ts'
import { assertExternalId } from '../../catalog/tenants/external-id.ts'
import { assertTenantName } from '../../catalog/tenants/tenant-name.ts'
import { reservedSchemas } from '../../config/options.ts'
import { parseDomain } from '../../names/domain-name.ts'
import { assertSchemaName } from '../../names/identifier.ts'
import type { Tenant } from '../../types.ts'
import type { NewRow } from '../new-tenant.ts'
import { assertCloneInput, invalid, type CloneInput } from './clone-input.ts'
import type { CloneParts } from './clone-parts.ts'

/** @throws TenancyError those of tenants.create about its arguments */
export async function checkedClone(
  { options }: Pick<CloneParts, 'options'>,
  from: Tenant<any>,
  input: CloneInput<any>,
): Promise<NewRow> {
  assertCloneInput(input)
  const { schema, externalId, name = schema, domains = [], attributes = {}, expiresAt } = input
  assertSchemaName(schema, reservedSchemas(options))
  assertTenantName(name)
  assertExpiry('tenants.clone', expiresAt)
  assertExternalId('tenants.clone', externalId)
  if (!Array.isArray(domains)) throw invalid('domains', 'must be a list of host names.')
  return {
    schema,
    externalId: externalId ?? undefined,
    name,
    kind: from.kind,
    domains: [...new Set(domains.map(parseDomain))],
    attributes: await validateAttributes(options.attributes, attributes),
    expiresAt: expiresAt ?? undefined,
    clonedFrom: from.schema,
  }
}
