/** The structure of the source as SQL for the clone. */
import type { Blueprint } from '../../blueprint/blueprint.ts'
import { renderBlueprint } from '../../blueprint/render/render-blueprint.ts'
import type { RenderedSchema } from '../../blueprint/render/rendered-schema.ts'
import { cloneRefused } from './clone-errors.ts'
import { tiedToTenantRoles, withoutTenantRoles } from './copied-rights.ts'

/**
 * @param tenantRole the role of the clone; undefined where it has none
 * @throws TenancyError UNSUPPORTED_OBJECT, CLONE_REFUSED
 */
export async function renderClone(
  blueprint: Blueprint,
  from: string,
  to: string,
  tenantRole: string | undefined,
): Promise<RenderedSchema> {
  const problems = tiedToTenantRoles(blueprint)
  if (problems.length > 0) throw cloneRefused(to, from, problems)
  const rendered = await renderBlueprint(withoutTenantRoles(blueprint), {
    from,
    to,
    ...(tenantRole !== undefined && { tenantRole }),
  })
  return { ...rendered, remarks: [...rendered.remarks, ...foreignTables(blueprint)] }
}

function foreignTables({ relations }: Blueprint): string[] {
  return relations
    .filter(({ kind }) => kind === 'foreign table')
    .map(
      ({ name }) =>
        `${JSON.stringify(name)} is a foreign table: the clone would read and write the same rows elsewhere as the source.`,
    )
}
