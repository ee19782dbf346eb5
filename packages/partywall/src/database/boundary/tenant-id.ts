/** The id of the tenant as a setting, which the policies of shared tables compare with. Any SQL can set it: it guards against mistakes. */
import { literal } from '../../sql/literal.ts'
import type { Setting } from './setting.ts'

/** @param name of the setting; checked by the config */
export function tenantIdSetting(name: string, id: string): Setting {
  return {
    name,
    tag: name === 'partywall.tenant_id' ? 'id' : `id of ${name}`,
    values: [id],
    literals: () => [literal(id)],
    expression: ([value]) => value!,
  }
}
