/** The id of the tenant as a setting, which the policies of shared tables compare with. Any SQL can set it: it guards against mistakes. */
import { literal } from '../../sql/literal.ts'
import type { Setting } from './setting.ts'

/** What the functions of the catalog read. */
const ownName = 'partywall.tenant_id'

/**
 * The setting that protected tables read, and the one with the configured name, for policies that the application has written.
 * @param name checked by the config
 */
export function tenantIdSettings(name: string, id: string): readonly Setting[] {
  return [...new Set([ownName, name])].map((one) => ({
    name: one,
    tag: one === ownName ? 'id' : `id of ${one}`,
    values: [id],
    literals: () => [literal(id)],
    expression: ([value]) => value!,
  }))
}
