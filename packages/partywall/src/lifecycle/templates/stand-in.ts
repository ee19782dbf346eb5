/** Schemas that are no tenants, as migrations see them: migrations know no other schema than that of a tenant. */
import type { Tenant } from '../../types.ts'

/** It is in no table of tenants, so nothing can enter it. @param schema its name, or the beginning of a name with an _, which gets the id */
export function standInOf(id: string, schema: string, kind: string, createdAt = new Date()): Tenant<any> {
  const own = schema.endsWith('_') ? `${schema}${id.replaceAll('-', '')}` : schema
  return {
    id,
    schema: own,
    name: own,
    kind,
    status: 'active',
    placement: 'default',
    generation: 1,
    attributes: {},
    createdAt,
  }
}
