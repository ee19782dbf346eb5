/** The DDL of a template for any schema. It is written once where the name of the schema does not stand in it, which is the rule. */
import { randomUUID } from 'node:crypto'
import type { Blueprint } from '../../blueprint/blueprint.ts'
import { renderBlueprint, settingsFor } from '../../blueprint/render/render-blueprint.ts'

/** Texts of statements, for one transaction. */
export interface RenderedCut {
  readonly settings: string
  readonly structure: string
  readonly afterRows: string
}

/** @throws TenancyError UNSUPPORTED_OBJECT */
export async function rendererOf(blueprint: Blueprint, from: string): Promise<(to: string) => Promise<RenderedCut>> {
  const render = async (to: string): Promise<RenderedCut> => {
    const { structure, afterRows } = await renderBlueprint(blueprint, { from, to })
    return { settings: settingsFor(to).join(';\n'), structure: structure.join(';\n'), afterRows: afterRows.join(';\n') }
  }
  const standIn = `partywall_${randomUUID().replaceAll('-', '')}`
  const { structure, afterRows } = await render(standIn)
  const isRelative = ![structure, afterRows].some((text) => text.includes(standIn))
  return isRelative ? async (to) => ({ settings: settingsFor(to).join(';\n'), structure, afterRows }) : render
}
